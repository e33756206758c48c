//! Replies as their clients take them: portion by portion, so that it is seen who takes nothing.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    response::Response,
};
use hyper::body::{Frame, SizeHint};

use crate::domain::connections::{Counter, Unsent};

/// Replies below this are not counted: they fit into what the system buffers.
const LEAST_BYTES: u64 = 4096;
/// What a client must take within the stall time. Less of it, and a client on a slow line is better told from one that
/// takes nothing; more, and a sound takes fewer steps.
const PORTION_BYTES: usize = 8192;

/// The reply, counted as unsent until the client has taken it, if it is large.
pub(super) fn counted(reply: Response, counter: &Counter) -> Response {
    let size = reply.size_hint().exact().filter(|size| *size >= LEAST_BYTES);
    match size.and_then(|size| usize::try_from(size).ok()) {
        Some(size) => {
            let unsent = Arc::new(counter.hold(size));
            reply.map(|whole| Body::new(InPortions { whole, rest: Bytes::new(), unsent }))
        }
        None => reply,
    }
}

struct InPortions {
    whole: Body,
    /// What is left of the last frame of the whole.
    rest: Bytes,
    unsent: Arc<Unsent>,
}

impl HttpBody for InPortions {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let body = self.get_mut();
        if body.rest.is_empty() {
            match ready!(Pin::new(&mut body.whole).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => body.rest = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                ended => return Poll::Ready(ended),
            }
        }
        body.unsent.moved();
        let portion = body.rest.split_to(body.rest.len().min(PORTION_BYTES));
        let portion = Portion { bytes: portion, _unsent: Arc::clone(&body.unsent) };
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_owner(portion)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.whole.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        self.whole.size_hint().exact().map_or_else(SizeHint::default, |whole| SizeHint::with_exact(whole + rest))
    }
}

/// Part of a reply. The whole is unsent until the last of them is.
struct Portion {
    bytes: Bytes,
    _unsent: Arc<Unsent>,
}

impl AsRef<[u8]> for Portion {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;
    use crate::domain::{client::Peer, connections::Connections};

    #[tokio::test]
    async fn a_large_reply_is_whole_and_counts_until_its_last_portion_is_gone() {
        let all = Arc::new(Connections::default());
        let admitted = all.admit(Peer("192.0.2.7:4000".parse().unwrap()), 10).unwrap();
        let sent: Vec<u8> = (0..50_000_u32).map(|number| number as u8).collect();
        let mut reply = counted(Response::new(Body::from(sent.clone())), &admitted.counter());
        assert_eq!(reply.size_hint().exact(), Some(50_000));
        let mut portions = Vec::new();
        while let Some(frame) = reply.frame().await {
            portions.push(frame.unwrap().into_data().unwrap());
        }
        assert!(reply.is_end_stream() && portions.iter().all(|portion| portion.len() <= PORTION_BYTES));
        assert_eq!(portions.concat(), sent);
        drop(reply);
        let last = portions.pop();
        drop(portions);
        assert_eq!(all.unsent_bytes(), 50_000);
        drop(last);
        assert_eq!(all.unsent_bytes(), 0);
    }

    #[tokio::test]
    async fn a_small_reply_is_not_counted() {
        let all = Arc::new(Connections::default());
        let admitted = all.admit(Peer("192.0.2.7:4000".parse().unwrap()), 10).unwrap();
        let reply = counted(Response::new(Body::from("small")), &admitted.counter());
        assert_eq!(all.unsent_bytes(), 0);
        assert_eq!(reply.into_body().collect().await.unwrap().to_bytes(), "small");
    }
}
