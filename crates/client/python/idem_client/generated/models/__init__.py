""" Contains all the data models used in inputs/outputs """

from .account import Account
from .account_erasure import AccountErasure
from .account_page import AccountPage
from .actor_type import ActorType
from .address import Address
from .address_changes import AddressChanges
from .address_input import AddressInput
from .adjust_stock import AdjustStock
from .adjustment import Adjustment
from .adjustment_page import AdjustmentPage
from .api_key import ApiKey
from .api_key_page import ApiKeyPage
from .attempt import Attempt
from .attempt_operation import AttemptOperation
from .attempt_outcome import AttemptOutcome
from .attempt_page import AttemptPage
from .bucket_size import BucketSize
from .capture import Capture
from .capture_method import CaptureMethod
from .change import Change
from .change_page import ChangePage
from .changed_by import ChangedBy
from .condition import Condition
from .confirm_second_factor import ConfirmSecondFactor
from .contact import Contact
from .contact_input import ContactInput
from .country_code import CountryCode
from .create_api_key import CreateApiKey
from .create_webhook_endpoint import CreateWebhookEndpoint
from .credentials import Credentials
from .currency_in_use import CurrencyInUse
from .customer import Customer
from .dependency import Dependency
from .disable_second_factor import DisableSecondFactor
from .dispute import Dispute
from .dispute_status import DisputeStatus
from .email_verification_confirmation import EmailVerificationConfirmation
from .email_verification_request import EmailVerificationRequest
from .enrol_second_factor import EnrolSecondFactor
from .enrolled_factor import EnrolledFactor
from .event import Event
from .event_page import EventPage
from .event_type import EventType
from .fault import Fault
from .feed_lag import FeedLag
from .feed_start import FeedStart
from .finding import Finding
from .finding_count import FindingCount
from .finding_kind import FindingKind
from .finding_page import FindingPage
from .history import History
from .history_page import HistoryPage
from .item import Item
from .make_refund import MakeRefund
from .make_refund_metadata_type_0 import MakeRefundMetadataType0
from .move import Move
from .new_api_key import NewApiKey
from .new_email import NewEmail
from .new_password import NewPassword
from .next_action_client_sdk import NextActionClientSdk
from .next_action_client_sdk_parameters import NextActionClientSdkParameters
from .next_action_client_sdk_type import NextActionClientSdkType
from .next_action_qr_code import NextActionQrCode
from .next_action_qr_code_type import NextActionQrCodeType
from .next_action_redirect import NextActionRedirect
from .next_action_redirect_type import NextActionRedirectType
from .notice_disposition import NoticeDisposition
from .operation import Operation
from .operation_type import OperationType
from .order import Order
from .order_metadata import OrderMetadata
from .order_page import OrderPage
from .order_sort import OrderSort
from .order_status import OrderStatus
from .overview import Overview
from .overview_bucket import OverviewBucket
from .overview_figures import OverviewFigures
from .password_reset_confirmation import PasswordResetConfirmation
from .password_reset_request import PasswordResetRequest
from .patch_order import PatchOrder
from .patch_order_metadata_type_0 import PatchOrderMetadataType0
from .patch_product import PatchProduct
from .patch_user import PatchUser
from .patch_webhook_endpoint import PatchWebhookEndpoint
from .payment_method import PaymentMethod
from .payment_status import PaymentStatus
from .payments_void_body import PaymentsVoidBody
from .place_item import PlaceItem
from .place_order import PlaceOrder
from .place_order_metadata_type_0 import PlaceOrderMetadataType0
from .problem import Problem
from .problem_type import ProblemType
from .product import Product
from .product_page import ProductPage
from .put_product import PutProduct
from .refresh import Refresh
from .refund import Refund
from .refund_item import RefundItem
from .refund_metadata import RefundMetadata
from .refund_page import RefundPage
from .refund_status import RefundStatus
from .register import Register
from .resolution import Resolution
from .return_input import ReturnInput
from .role import Role
from .scope import Scope
from .session import Session
from .session_page import SessionPage
from .start_payment import StartPayment
from .start_payment_metadata_type_0 import StartPaymentMetadataType0
from .stock_effect import StockEffect
from .stored_notice import StoredNotice
from .stored_notice_page import StoredNoticePage
from .tokens import Tokens
from .tracking import Tracking
from .tracking_input import TrackingInput
from .transaction import Transaction
from .transaction_metadata import TransactionMetadata
from .transaction_page import TransactionPage
from .user import User
from .webhook_backlog import WebhookBacklog
from .webhook_delivery import WebhookDelivery
from .webhook_delivery_page import WebhookDeliveryPage
from .webhook_delivery_status import WebhookDeliveryStatus
from .webhook_endpoint import WebhookEndpoint
from .webhook_endpoint_page import WebhookEndpointPage
from .webhook_message import WebhookMessage
from .webhook_message_data import WebhookMessageData
from .webhook_secret import WebhookSecret
from .webhooks_redeliver_body import WebhooksRedeliverBody
from .webhooks_rotate_secret_body import WebhooksRotateSecretBody
from .webhooks_test_body import WebhooksTestBody

__all__ = (
    "Account",
    "AccountErasure",
    "AccountPage",
    "ActorType",
    "Address",
    "AddressChanges",
    "AddressInput",
    "Adjustment",
    "AdjustmentPage",
    "AdjustStock",
    "ApiKey",
    "ApiKeyPage",
    "Attempt",
    "AttemptOperation",
    "AttemptOutcome",
    "AttemptPage",
    "BucketSize",
    "Capture",
    "CaptureMethod",
    "Change",
    "ChangedBy",
    "ChangePage",
    "Condition",
    "ConfirmSecondFactor",
    "Contact",
    "ContactInput",
    "CountryCode",
    "CreateApiKey",
    "CreateWebhookEndpoint",
    "Credentials",
    "CurrencyInUse",
    "Customer",
    "Dependency",
    "DisableSecondFactor",
    "Dispute",
    "DisputeStatus",
    "EmailVerificationConfirmation",
    "EmailVerificationRequest",
    "EnrolledFactor",
    "EnrolSecondFactor",
    "Event",
    "EventPage",
    "EventType",
    "Fault",
    "FeedLag",
    "FeedStart",
    "Finding",
    "FindingCount",
    "FindingKind",
    "FindingPage",
    "History",
    "HistoryPage",
    "Item",
    "MakeRefund",
    "MakeRefundMetadataType0",
    "Move",
    "NewApiKey",
    "NewEmail",
    "NewPassword",
    "NextActionClientSdk",
    "NextActionClientSdkParameters",
    "NextActionClientSdkType",
    "NextActionQrCode",
    "NextActionQrCodeType",
    "NextActionRedirect",
    "NextActionRedirectType",
    "NoticeDisposition",
    "Operation",
    "OperationType",
    "Order",
    "OrderMetadata",
    "OrderPage",
    "OrderSort",
    "OrderStatus",
    "Overview",
    "OverviewBucket",
    "OverviewFigures",
    "PasswordResetConfirmation",
    "PasswordResetRequest",
    "PatchOrder",
    "PatchOrderMetadataType0",
    "PatchProduct",
    "PatchUser",
    "PatchWebhookEndpoint",
    "PaymentMethod",
    "PaymentStatus",
    "PaymentsVoidBody",
    "PlaceItem",
    "PlaceOrder",
    "PlaceOrderMetadataType0",
    "Problem",
    "ProblemType",
    "Product",
    "ProductPage",
    "PutProduct",
    "Refresh",
    "Refund",
    "RefundItem",
    "RefundMetadata",
    "RefundPage",
    "RefundStatus",
    "Register",
    "Resolution",
    "ReturnInput",
    "Role",
    "Scope",
    "Session",
    "SessionPage",
    "StartPayment",
    "StartPaymentMetadataType0",
    "StockEffect",
    "StoredNotice",
    "StoredNoticePage",
    "Tokens",
    "Tracking",
    "TrackingInput",
    "Transaction",
    "TransactionMetadata",
    "TransactionPage",
    "User",
    "WebhookBacklog",
    "WebhookDelivery",
    "WebhookDeliveryPage",
    "WebhookDeliveryStatus",
    "WebhookEndpoint",
    "WebhookEndpointPage",
    "WebhookMessage",
    "WebhookMessageData",
    "WebhookSecret",
    "WebhooksRedeliverBody",
    "WebhooksRotateSecretBody",
    "WebhooksTestBody",
)
