//! Lists, a page at a time or as a stream.

use futures_util::{
    Stream,
    stream::{self, TryStreamExt},
};
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

use crate::{Client, Error, Request};

/// One page of a list.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Page<T> {
    /// The elements. A page may be short, or even empty, and still have a next one.
    pub data: Vec<T>,
    /// The cursor of the next page; `None` on the last.
    pub next_cursor: Option<String>,
}

/// Adds a parameter if there is a value.
pub(crate) fn add_parameter(url: &mut Url, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        url.query_pairs_mut().append_pair(name, value);
    }
}

/// Every element of the list at this address, read a page at a time as they are taken.
pub(crate) fn stream_pages<T: DeserializeOwned + Send + 'static>(
    client: &Client,
    url: Url,
) -> impl Stream<Item = Result<T, Error>> + Send + use<T> {
    let start = Some((client.clone(), url, None::<String>));
    let pages = stream::try_unfold(start, |next| async move {
        let Some((client, url, cursor)) = next else { return Ok::<_, Error>(None) };
        let mut address = url.clone();
        add_parameter(&mut address, "cursor", cursor.as_deref());
        let page: Page<T> = Request::read(&client, address).await?;
        let elements = stream::iter(page.data.into_iter().map(Ok));
        Ok(Some((elements, page.next_cursor.map(|cursor| (client, url, Some(cursor))))))
    });
    pages.try_flatten()
}
