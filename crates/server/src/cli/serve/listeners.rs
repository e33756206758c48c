//! The sockets that clients connect to.

use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use haechi::{
    domain::{admin::Administration, connections::Connections, service::Service},
    http::{
        listener::{Address, Listener},
        server::{self, Limits, Preface},
    },
    installation::config::Config,
    router,
};
use tokio_rustls::TlsAcceptor;

use super::{Stopping, system::room_for_connections};

/// For everybody and, if apart, for operators.
pub(super) struct Listeners {
    public: Listener,
    operators: Option<Listener>,
    /// On the connections of the public. Those of operators have its TLS alone.
    preface: Preface,
}

impl Listeners {
    pub(super) async fn bind(config: &Config, tls: Option<TlsAcceptor>) -> Result<Self> {
        let public = listen(&config.listening.public).await?;
        let operators = match &config.listening.operators {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let introduced_by = config.listening.proxy_protocol.then(|| Arc::new(config.limits.proxies.clone()));
        Ok(Self { public, operators, preface: Preface { tls, introduced_by } })
    }

    /// Others of the same clients.
    pub(super) fn try_clone(&self) -> Result<Self> {
        let operators = self.operators.as_ref().map(Listener::try_clone).transpose()?;
        Ok(Self { public: self.public.try_clone()?, operators, preface: self.preface.clone() })
    }

    /// What the public connects to, a free port having been picked.
    pub(super) fn public_address(&self) -> Result<Address> {
        Ok(self.public.address()?)
    }

    /// What operators connect to, if apart.
    pub(super) fn operators_address(&self) -> Result<Option<Address>> {
        Ok(self.operators.as_ref().map(Listener::address).transpose()?)
    }

    /// How a browser begins the address of any of them.
    pub(super) fn scheme(&self) -> &'static str {
        if self.preface.tls.is_some() { "https" } else { "http" }
    }

    /// Serves until the process is told to stop and running requests are finished.
    pub(super) async fn serve(
        self,
        config: &Config,
        service: &Arc<Service>,
        administration: &Arc<Administration>,
        stopping: &Stopping,
    ) {
        let options = router::Options {
            demo: config.listening.demo,
            operators_elsewhere: self.operators.is_some(),
            public_path: config.listening.public_path.clone(),
            public_url: config.listening.public_url.clone(),
        };
        let public = router::router(Arc::clone(service), Some(administration), options.clone());
        let operators = router::operators(Arc::clone(service), Some(administration), options);
        let until = || stopping.clone().wait();
        self.serve_routers(public, Arc::clone(service.connections()), operators, until).await;
    }

    /// Serves these until the given future ends and running requests are finished.
    pub(super) async fn serve_routers<Until: Future<Output = ()>>(
        self,
        public: Router,
        connections: Arc<Connections>,
        operators: Router,
        until: impl Fn() -> Until,
    ) {
        let serve = |listener, connections, limits, preface, router| {
            server::serve_within(limits, connections, listener, preface, router, until())
        };
        let tls_alone = Preface::from(self.preface.tls.clone());
        let operators =
            self.operators.map(|listener| serve(listener, Arc::default(), Limits::default(), tls_alone, operators));
        let operators = async {
            if let Some(operators) = operators {
                operators.await;
            }
        };
        let limits = Limits { connections: room_for_connections(), ..Limits::default() };
        let public = serve(self.public, connections, limits, self.preface, public);
        tokio::join!(public, operators);
    }
}

async fn listen(address: &Address) -> Result<Listener> {
    Listener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}
