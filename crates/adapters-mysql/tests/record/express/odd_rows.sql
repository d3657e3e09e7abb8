-- What the app let happen: every column that may be empty is, every rule of ours is broken.
INSERT INTO orders (id, userId, orderNumber, status, amount, createdAt, updatedAt) VALUES
    (21, 77, 'ODD-21', 'PAID', 5.00, NULL, NULL),
    (22, 1, 'ODD-22', 'COMPLETED', 0.00, '2023-03-01 00:00:00', '2023-03-02 00:00:00'),
    (23, 2, 'ODD-23', 'SHIPPED', 7.00, '2023-03-01 00:00:00', '2023-03-02 00:00:00'),
    (24, 2, 'ODD-24', 'DELIVERED', 8.00, '2023-03-01 00:00:00', '2023-03-02 00:00:00'),
    (25, 2, 'ODD-25', 'REFUND_PENDING', 1000.00, '2023-03-01 00:00:00', '2023-03-02 00:00:00'),
    (26, 2, 'ODD-26', 'PENDING', -1.00, '2023-03-01 00:00:00', '2023-03-02 00:00:00'),
    (27, 2, 'ODD-27', 'CLOSED', 9.00, '2023-03-01 00:00:00', '2023-03-02 00:00:00'),
    (28, 2, 'ODD-28', 'DELIVERED', 9.00, '2023-03-01 00:00:00', '2023-03-02 00:00:00'),
    (29, 2, 'ODD-29', 'PENDING', 6.00, '2023-03-01 00:00:00', '2023-03-02 00:00:00'),
    (30, 2, 'ODD-30', 'CANCELLED', 6.00, '2023-03-01 00:00:00', '2023-03-02 00:00:00'),
    (31, 2, 'ODD-31', 'CLOSED', 6.00, '2023-03-01 00:00:00', '2023-03-02 00:00:00'),
    (32, 2, 'ODD-32', 'CLOSED', 6.00, '2023-03-01 00:00:00', '2023-03-02 00:00:00');
INSERT INTO order_items (id, orderId, productId, quantity, price) VALUES (201, 22, 'free', 0, 0.00), (202, 26, 'x', 1, 1);
INSERT INTO order_status_history (id, orderId, fromStatus, toStatus, changedBy) VALUES
    (301, 23, '', 'PENDING', 2), (302, 23, 'pending', 'Paid', 2),
    (303, 24, 'PROCESSING', 'SHIPPED', 2), (304, 24, 'SHIPPED', 'SHIPPED', 2), (305, 24, 'SHIPPED', 'DELIVERED', 0),
    (306, 26, '', 'PENDING', 2), (307, 23, 'PAID', 'LOST', 2),
    (308, 28, '', 'PENDING', 2), (309, 28, 'SHIPPED', 'DELIVERED', 2), (310, 32, '', 'PENDING', 2), (311, 32, 'PENDING', 'PAID', 2);
INSERT INTO payment_transactions (id, order_id, transaction_id, status, amount, currency, captured_amount) VALUES
    (41, 'ODD-25', 'odd-1', 'captured', NULL, 'jpy', NULL),
    (42, 'ODD-25', 'odd-2', 'CAPTURED', 1000.00, NULL, 0.00),
    (43, 'ODD-25', 'odd-3', 'AUTHORIZED', 1000.00, 'JPY', NULL),
    (44, 'nowhere', 'odd-4', 'CAPTURED', 1.00, 'CNY', 1.00),
    (45, 'ODD-21', 'odd-5', 'MAYBE', 5.00, 'CNY', NULL),
    (46, 'ODD-21', 'odd-6', 'FAILED', 5.00, 'QQQ', NULL),
    (47, 'ODD-23', 'odd-7', 'CAPTURED', 7.00, 'CNY', 9.00),
    (48, 'ODD-22', 'odd-8', 'FAILED', 0.00, 'CNY', NULL),
    (49, 'ODD-29', 'odd-9', 'CAPTURED', 6.00, 'CNY', 6.00),
    (50, 'ODD-30', 'odd-10', 'CAPTURED', 6.00, 'CNY', 6.00),
    (51, 'ODD-31', 'odd-11', 'DISPUTED', 6.00, 'CNY', 6.00),
    (52, 'ODD-32', 'odd-12', 'CAPTURED', 6.00, 'CNY', 6.00);
-- Zero was a date once.
SET @mode = @@sql_mode, sql_mode = '';
UPDATE payment_transactions SET created_at = 0, updated_at = 0 WHERE id = 42;
SET sql_mode = @mode;
