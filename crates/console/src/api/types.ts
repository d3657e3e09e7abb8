// The types of the API, generated from its description by `npm run types`.
import type { components } from './schema';

type Schemas = components['schemas'];

export type Order = Schemas['Order'];
export type OrderItem = Schemas['Item'];
export type Payment = Schemas['Transaction'];
export type Refund = Schemas['Refund'];
export type Attempt = Schemas['Attempt'];
export type HistoryEntry = Schemas['History'];
export type Actor = Schemas['ChangedBy'];
export type ActorType = Schemas['ActorType'];
export type Finding = Schemas['Finding'];
export type FindingKind = Schemas['FindingKind'];
export type Product = Schemas['Product'];
export type ProductChange = Schemas['Change'];
export type Adjustment = Schemas['Adjustment'];
export type Account = Schemas['Account'];
export type Me = Schemas['User'];
export type Session = Schemas['Session'];
export type EnrolledFactor = Schemas['EnrolledFactor'];
export type Tokens = Schemas['Tokens'];
export type Readiness = Schemas['Readiness'];
export type Overview = Schemas['Overview'];
export type OverviewBucket = Schemas['OverviewBucket'];
export type OverviewFigures = Schemas['OverviewFigures'];
export type Notice = Schemas['StoredNotice'];
export type NoticeDisposition = Schemas['NoticeDisposition'];
export type FeedEvent = Schemas['Event'];
export type FeedPage = Schemas['EventPage'];
export type ApiKey = Schemas['ApiKey'];
export type NewApiKey = Schemas['NewApiKey'];
export type NewKeyInput = Schemas['CreateApiKey'];
export type Scope = Schemas['Scope'];
export type WebhookEndpoint = Schemas['WebhookEndpoint'];
export type WebhookSecret = Schemas['WebhookSecret'];
export type Delivery = Schemas['WebhookDelivery'];
export type DeliveryStatus = Schemas['WebhookDeliveryStatus'];
export type RefundInput = Schemas['MakeRefund'];

export type Problem = Schemas['Problem'];
export type ProblemSlug = Schemas['ProblemSlug'];
/** An answer that is no problem document: it came from what stands before the service, and no page is about it. */
export type ForeignProblem = Omit<Problem, 'type'> & { type: 'about:blank' };

/** A page of a list. */
export interface Page<T> {
  data: T[];
  nextCursor?: string | null;
}
