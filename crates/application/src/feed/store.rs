//! Adds its events to every unit of work, as a decorator of the store.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use domain::{AuthorKey, FeedEvent, FeedEventId, TraceParent};
use ports::{
    ApiKeyRepository, Clock, CommitError, IdGenerator, NewFeedEvent, Store, UnitOfWork, UserRepository, Write,
};
use tracer::current_context;

use super::{
    derive::{EventDraft, derive_events},
    render::{FeedPeople, FeedRenderer},
    signal::FeedSignal,
};

/// A store that commits the events of a unit together with it, and then says that there are some.
pub struct FeedStore {
    store: Arc<dyn Store>,
    users: Arc<dyn UserRepository>,
    api_keys: Arc<dyn ApiKeyRepository>,
    renderer: Arc<dyn FeedRenderer>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    signal: Arc<FeedSignal>,
}

/// What [`FeedStore`] works with besides the store.
pub struct FeedParts {
    /// Reads the users whom events name, from a cache where it can.
    pub users: Arc<dyn UserRepository>,
    /// Reads the API keys that events name.
    pub api_keys: Arc<dyn ApiKeyRepository>,
    /// Renders the `data` of the events.
    pub renderer: Arc<dyn FeedRenderer>,
    /// Gives events their `created_at`.
    pub clock: Arc<dyn Clock>,
    /// Makes the ids of events.
    pub ids: Arc<dyn IdGenerator>,
    /// Wakes the task that numbers them.
    pub signal: Arc<FeedSignal>,
}

impl FeedStore {
    /// Adds events to what `store` commits.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, parts: FeedParts) -> Self {
        let FeedParts { users, api_keys, renderer, clock, ids, signal } = parts;
        Self { store, users, api_keys, renderer, clock, ids, signal }
    }

    /// The users and API keys that the events name, as far as they can be read.
    async fn find_people(&self, drafts: &[EventDraft]) -> FeedPeople {
        let mut people = FeedPeople::default();
        let authors: BTreeSet<_> = drafts.iter().filter_map(|it| it.content.author()).collect();
        let mut keys = Vec::new();
        // An author that cannot be read must not keep an order from being paid: its event then names none.
        for author in authors {
            match author {
                AuthorKey::User(key) => keys.push(key),
                AuthorKey::ApiKey(key) => {
                    let found = self.api_keys.find_api_key_by_key(key).await.ok().flatten();
                    people.api_keys.extend(found.map(|it| (key, it.id.into())));
                }
            }
        }
        if !keys.is_empty() {
            let users = self.users.list_users_by_key(&keys).await.unwrap_or_default();
            people.users = users.into_iter().map(|it| (it.key, it)).collect();
        }
        people
    }

    async fn render_events(&self, drafts: Vec<EventDraft>) -> Vec<NewFeedEvent> {
        let people = self.find_people(&drafts).await;
        let now = self.clock.now();
        let trace_parent = current_context().map(|it| TraceParent::new(it.to_traceparent()));
        let render = |draft: EventDraft| {
            let data = self.renderer.render_content(&draft.content, &people);
            let before = draft.unless_like.map(|it| self.renderer.render_content(&it, &people));
            let event = FeedEvent {
                id: FeedEventId::new(self.ids.next_id()),
                kind: draft.kind,
                subject: draft.subject,
                owner: draft.content.owner(),
                data,
                created_at: now,
                trace_parent: trace_parent.clone(),
            };
            (before.as_ref() != Some(&event.data))
                .then_some(NewFeedEvent { event, only_with: draft.only_with })
        };
        drafts.into_iter().filter_map(render).collect()
    }
}

#[async_trait]
impl Store for FeedStore {
    async fn commit(&self, work: UnitOfWork) -> Result<(), CommitError> {
        let drafts = derive_events(&work);
        if drafts.is_empty() {
            return self.store.commit(work).await;
        }
        let events = self.render_events(drafts).await;
        if events.is_empty() {
            return self.store.commit(work).await;
        }
        let outcome = self.store.commit(work.with_write(Write::InsertFeedEvents(events))).await;
        // Also when it is not known whether the commit happened; to look for nothing costs one query.
        if outcome.as_ref().err().is_none_or(|it| !it.is_refusal()) {
            self.signal.announce_written();
        }
        outcome
    }
}

#[cfg(test)]
mod tests;
