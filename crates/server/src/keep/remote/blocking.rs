//! Redis for code that waits: a connection on a thread of its own.

use std::{
    io,
    sync::{Arc, mpsc},
    thread,
};

use ::redis::Value;
use tokio::{runtime::Handle, task::JoinHandle};

use super::{Remote, RemoteAddress, RemoteError};
use crate::keep::store::StoreError;

/// A connection that may be used from any thread. Clones share it.
#[derive(Clone)]
pub(crate) struct BlockingRemote {
    remote: Arc<Remote>,
    /// Of the thread on which the connection lives.
    handle: Handle,
}

impl BlockingRemote {
    /// Connects. It waits for the network, and so is not for async code.
    ///
    /// # Errors
    /// As [`Remote::connect`].
    pub(crate) fn open(address: &RemoteAddress) -> Result<Self, RemoteError> {
        let handle = runtime_of_its_own().map_err(|error| RemoteError::Failed(error.to_string()))?;
        let address = address.clone().with_one_connection();
        let remote = block_on(&handle, async move { Remote::connect(&address).await })
            .unwrap_or_else(|| Err(RemoteError::Failed("its thread ended".to_owned())))?;
        Ok(Self { remote: Arc::new(remote), handle })
    }

    /// Begins the names of all that is kept there.
    pub(crate) fn prefix(&self) -> &str {
        self.remote.prefix()
    }

    /// Asks Redis, and waits for what it says.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub(crate) fn ask<Asking>(
        &self,
        ask: impl FnOnce(Arc<Remote>) -> Asking + Send + 'static,
    ) -> Result<Value, StoreError>
    where
        Asking: Future<Output = Result<Value, RemoteError>> + Send,
    {
        let remote = Arc::clone(&self.remote);
        let unavailable = |cause: String| StoreError::Unavailable { cause };
        match block_on(&self.handle, async move { ask(remote).await }) {
            Some(asked) => asked.map_err(|error| unavailable(error.to_string())),
            None => Err(unavailable("its thread ended".to_owned())),
        }
    }

    /// Calls back as [`Remote::listen`] does, until the handle is aborted.
    pub(crate) fn listen(&self, channel: String, told: impl Fn() + Send + Sync + 'static) -> JoinHandle<()> {
        let remote = Arc::clone(&self.remote);
        self.handle.spawn(async move { remote.listen(&channel, told).await })
    }
}

/// A thread that runs what the handle is given, for as long as the process lives.
fn runtime_of_its_own() -> io::Result<Handle> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new().name("redis".to_owned()).spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    Ok(handle)
}

/// Runs this on the handle's thread and waits for it, wherever the caller is.
fn block_on<T: Send + 'static>(handle: &Handle, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
    let (tell, told) = mpsc::sync_channel(1);
    handle.spawn(async move {
        // Nobody may wait any more.
        let _ = tell.send(work.await);
    });
    told.recv().ok()
}
