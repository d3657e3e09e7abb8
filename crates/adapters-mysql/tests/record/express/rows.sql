-- Rows of every kind. The password of user 1 is "battery staple", of the others "correct horse".
INSERT INTO user (id, username, password, email, created_at) VALUES
    (1, 'ada', '$2a$04$ABCDEFGHIJKLMNOPQRSTUutdBj1TzHskGHYiUO7.EmtyYGZ0G.mnK', 'ada@example.com', '2023-01-02 03:04:05'),
    (2, 'Bob Ross', '$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e', 'Bob@Example.com', '2023-01-03 03:04:05'),
    (3, 'ΟΔΥΣΣΕΥΣ', '$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e', 'o@example.com', NULL);

-- One order of every status, each with the history that the app writes.
INSERT INTO orders (id, userId, orderNumber, status, amount, createdAt, updatedAt) VALUES
    (1, 1, 'ORD-1', 'PENDING', 10.00, '2023-02-01 00:00:00', '2023-02-01 00:00:00'),
    (2, 1, 'ORD-2', 'PAID', 20.00, '2023-02-02 00:00:00', '2023-02-02 01:00:00'),
    (3, 1, 'ORD-3', 'PROCESSING', 30.00, '2023-02-03 00:00:00', '2023-02-03 01:00:00'),
    (4, 1, 'ORD-4', 'SHIPPED', 40.00, '2023-02-04 00:00:00', '2023-02-04 01:00:00'),
    (5, 1, 'ORD-5', 'DELIVERED', 50.00, '2023-02-05 00:00:00', '2023-02-05 01:00:00'),
    (6, 1, 'ORD-6', 'COMPLETED', 60.00, '2023-02-06 00:00:00', '2023-02-06 01:00:00'),
    (7, 1, 'ORD-7', 'CANCELLED', 70.00, '2023-02-07 00:00:00', '2023-02-07 01:00:00'),
    (8, 1, 'ORD-8', 'REFUND_PENDING', 80.00, '2023-02-08 00:00:00', '2023-02-08 01:00:00'),
    (9, 1, 'ORD-9', 'REFUNDED', 90.00, '2023-02-09 00:00:00', '2023-02-09 01:00:00'),
    (10, 1, 'ORD-10', 'CLOSED', 12345678.99, '2023-02-10 00:00:00', '2023-02-10 01:00:00');

INSERT INTO order_items (id, orderId, productId, quantity, price, createdAt, updatedAt)
SELECT id, id, CONCAT('sku-', id), 1, amount - 1, createdAt, createdAt FROM orders;
INSERT INTO order_items (id, orderId, productId, quantity, price, createdAt, updatedAt)
SELECT 100 + id, id, 'wrapping', 2, 0.50, NULL, NULL FROM orders;

INSERT INTO order_status_history (orderId, fromStatus, toStatus, changedBy, createdAt)
SELECT id, '', 'PENDING', 1, createdAt FROM orders;
INSERT INTO order_status_history (orderId, fromStatus, toStatus, changedBy, createdAt)
SELECT id, 'PENDING', 'PAID', 1, updatedAt FROM orders WHERE id BETWEEN 2 AND 6 OR id IN (8, 9);
INSERT INTO order_status_history (orderId, fromStatus, toStatus, changedBy, createdAt)
SELECT id, 'PAID', 'PROCESSING', 2, updatedAt FROM orders WHERE id BETWEEN 3 AND 6;
INSERT INTO order_status_history (orderId, fromStatus, toStatus, changedBy, createdAt)
SELECT id, 'PROCESSING', 'SHIPPED', 2, updatedAt FROM orders WHERE id BETWEEN 4 AND 6;
INSERT INTO order_status_history (orderId, fromStatus, toStatus, changedBy, createdAt)
SELECT id, 'SHIPPED', 'DELIVERED', 0, updatedAt FROM orders WHERE id BETWEEN 5 AND 6;
INSERT INTO order_status_history (orderId, fromStatus, toStatus, changedBy, createdAt) VALUES
    (6, 'DELIVERED', 'COMPLETED', 1, '2023-02-06 01:00:00'),
    (7, 'PENDING', 'CANCELLED', 1, '2023-02-07 01:00:00'),
    (8, 'PAID', 'REFUND_PENDING', 1, '2023-02-08 01:00:00'),
    (9, 'PAID', 'REFUND_PENDING', 2, '2023-02-09 01:00:00'),
    (9, 'REFUND_PENDING', 'REFUNDED', 2, '2023-02-09 01:00:00'),
    (10, 'PENDING', 'CANCELLED', 1, '2023-02-10 01:00:00'),
    (10, 'CANCELLED', 'CLOSED', 0, '2023-02-10 01:00:00');

INSERT INTO payment_transactions (
    id, order_id, transaction_id, status, amount, currency, card_last4, card_brand, authorization_code, captured_amount,
    captured_at, failure_reason, response_code, created_at, updated_at
) VALUES
    (1, 'ORD-1', 'tx-1', 'AUTHORIZED', 10.00, 'CNY', '4242', 'visa', 'A1', NULL, NULL, NULL, '00', '2023-02-01 00:30:00', '2023-02-01 00:30:00'),
    (2, 'ORD-2', 'tx-2', 'CAPTURED', 20.00, 'CNY', '4242', 'visa', 'A2', 20.00, '2023-02-02 00:30:00', NULL, '00', '2023-02-02 00:30:00', '2023-02-02 00:30:00'),
    (3, 'ORD-7', 'tx-3', 'FAILED', 70.00, 'CNY', '0002', 'visa', NULL, NULL, NULL, 'Card declined', '05', '2023-02-07 00:30:00', '2023-02-07 00:30:00'),
    (4, 'ORD-9', 'tx-4', 'REFUNDED', 90.00, 'CNY', '4242', 'visa', 'A4', 90.00, '2023-02-09 00:30:00', NULL, '00', '2023-02-09 00:30:00', '2023-02-09 01:00:00'),
    (5, 'ORD-6', 'tx-5', 'DISPUTED', 60.00, 'CNY', '4242', 'visa', 'A5', 60.00, '2023-02-06 00:30:00', NULL, '00', '2023-02-06 00:30:00', '2023-02-06 02:00:00');
