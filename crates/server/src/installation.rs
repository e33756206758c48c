//! An installation: the database, the secrets, the apps and the ledger that a configuration names.

pub mod backup;
pub mod config;
pub mod control;
pub mod inspect;
pub mod secrets;

use std::sync::Arc;

use haechi_captcha::Claims;
use redb::TableHandle;

use crate::{
    domain::{
        admin::Administration,
        apps::{AppStore, OpenAppsError},
        demand::Demands,
        ledger::{EmbeddedLedger, EmbeddedOptions, Ledger, MemoryLedger, RedisLedger},
        limits::Limits,
        service::{Nonces, Service},
        statistics::Statistics,
    },
    installation::{
        config::{Config, LedgerConfig, LedgerKind},
        secrets::{SecretFiles, Secrets},
    },
    keep::{
        remote::{BlockingRemote, Remote, RemoteError},
        secret_file::SecretFileError,
        store::{Change, Store, StoreError},
    },
};

/// Why an installation cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum InstallationError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The apps.
    #[error(transparent)]
    Apps(#[from] OpenAppsError),
    /// The secrets.
    #[error(transparent)]
    Secret(#[from] SecretFileError),
    /// Redis.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The system gave no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
}

impl InstallationError {
    /// Whether an installation with this ledger can be opened later, though nobody changes anything: Redis is not there
    /// yet, is reading its memory from its disk, or went away just now.
    #[must_use]
    pub fn may_pass(&self, ledger: &LedgerKind) -> bool {
        match self {
            Self::Remote(error) | Self::Apps(OpenAppsError::Remote(error)) => error.may_pass(),
            Self::Apps(OpenAppsError::Storage(StoreError::Unavailable { .. })) => {
                matches!(ledger, LedgerKind::Redis(_))
            }
            _ => false,
        }
    }
}

/// All that serving takes.
pub struct Installation {
    /// The apps.
    pub apps: Arc<AppStore>,
    /// What administrators do with them.
    pub administration: Arc<Administration>,
    /// The service.
    pub service: Arc<Service>,
    /// What happens to the apps' challenges, counted.
    pub statistics: Arc<Statistics>,
    /// The database, held open even if all is in Redis: so no other server can use the data directory.
    pub store: Store,
}

impl Installation {
    /// Opens, and where it is new makes, all that serving takes.
    ///
    /// # Errors
    /// Any [`InstallationError`].
    pub async fn open(config: &Config, now: u64) -> Result<Self, InstallationError> {
        let store = Store::open(&config.data)?;
        let secrets = Secrets::read_or_make(&SecretFiles::of(config), now)?;
        let apps = Arc::new(open_apps(config, store.clone())?);
        if config.ledger.kind != LedgerKind::Embedded {
            forget_embedded_ledger(&store)?;
        }
        let service = Arc::new(open_service(config, store.clone(), &secrets, &apps, now).await?);
        let statistics = Arc::new(open_statistics(config, store.clone(), &apps)?);
        let administration =
            Arc::new(administration_of(config, store.clone(), Arc::clone(&apps), Arc::clone(&statistics))?);
        Ok(Self { apps, administration, service, statistics, store })
    }
}

/// Opens, to look at its keys, what this database serves when a server runs on it. Makes no secret.
///
/// # Errors
/// Any [`InstallationError`].
pub async fn open_to_inspect(config: &Config, store: Store, now: u64) -> Result<Service, InstallationError> {
    let secrets = Secrets::read(&SecretFiles::of(config), now)?;
    let apps = open_apps(config, store.clone())?;
    open_service(config, store, &secrets, &apps, now).await
}

/// Opens the apps where this configuration has them: beside the ledger, if nodes share one.
///
/// Waits for the disk or for the network.
///
/// # Errors
/// Any [`OpenAppsError`].
pub fn open_apps(config: &Config, store: Store) -> Result<AppStore, OpenAppsError> {
    match &config.ledger.kind {
        LedgerKind::Redis(address) => AppStore::open_shared(address, &config.apps),
        LedgerKind::Embedded | LedgerKind::Memory => AppStore::open(store, &config.apps),
    }
}

/// Opens what commands need when no server runs on this database.
///
/// Waits for the disk or for the network.
///
/// # Errors
/// Any [`InstallationError`].
pub fn open_administration(config: &Config, store: Store) -> Result<Administration, InstallationError> {
    let apps = Arc::new(open_apps(config, store.clone())?);
    let statistics = Arc::new(open_statistics(config, store.clone(), &apps)?);
    administration_of(config, store, apps, statistics)
}

fn administration_of(
    config: &Config,
    store: Store,
    apps: Arc<AppStore>,
    statistics: Arc<Statistics>,
) -> Result<Administration, InstallationError> {
    Ok(match &config.ledger.kind {
        LedgerKind::Redis(address) => Administration::open_shared(address, apps, statistics)?,
        LedgerKind::Embedded | LedgerKind::Memory => Administration::open(store, apps, statistics),
    })
}

/// Opens the statistics where this configuration has the apps.
fn open_statistics(config: &Config, store: Store, apps: &AppStore) -> Result<Statistics, InstallationError> {
    let (apps, kept_days) = (Arc::clone(apps.apps()), config.statistics_days);
    Ok(match &config.ledger.kind {
        LedgerKind::Redis(address) => Statistics::open_shared(BlockingRemote::open(address)?, apps, kept_days)?,
        LedgerKind::Embedded | LedgerKind::Memory => Statistics::open(store, apps, kept_days)?,
    })
}

async fn open_service(
    config: &Config,
    store: Store,
    secrets: &Secrets,
    apps: &AppStore,
    now: u64,
) -> Result<Service, InstallationError> {
    // Where there are apps there was a secret, even if it is gone and put back only later, as after a restoration.
    let may_have_sealed = secrets.may_have_sealed() || apps.count() > 0;
    let (ledger, remote) = open_ledger(&config.ledger, store, may_have_sealed, now).await?;
    let limits = &config.limits;
    let remote = remote.filter(|_| limits.shared);
    let demands = match &remote {
        Some(remote) => Demands::default().shared_in(Arc::clone(remote), &secrets.networks_key()),
        None => Demands::default(),
    };
    let limits = Limits::new(limits.per_minute, limits.proxies.clone(), remote)
        .with_unanswered_per_hour(limits.unanswered_per_hour);
    let service = Service::new(secrets.keyring(), Arc::clone(apps.apps()), ledger, nonces(config)?);
    Ok(service.limited(limits).demanding(demands).knowing_vendors_test_keys(config.vendor_test_keys))
}

/// Opens the ledger, and the way to what nodes share, if they share it.
async fn open_ledger(
    config: &LedgerConfig,
    store: Store,
    may_have_sealed: bool,
    now: u64,
) -> Result<(Ledger, Option<Arc<Remote>>), InstallationError> {
    Ok(match &config.kind {
        LedgerKind::Redis(address) => {
            let remote = Arc::new(Remote::connect(address).await?);
            let ledger = RedisLedger::open(Arc::clone(&remote), may_have_sealed).await?;
            (Ledger::Redis(ledger), Some(remote))
        }
        LedgerKind::Memory => {
            let max_records = config.max_spent_keys.unwrap_or(MemoryLedger::DEFAULT_MAX_RECORDS);
            let began_at = if may_have_sealed { now } else { now.saturating_sub(1) };
            (Ledger::Memory(MemoryLedger::new(max_records, began_at)), None)
        }
        LedgerKind::Embedded => {
            let usual = EmbeddedOptions::default();
            let max_records = config.max_spent_keys.unwrap_or(usual.max_records);
            let began_at = may_have_sealed.then_some(now);
            let ledger = EmbeddedLedger::open(store, EmbeddedOptions { max_records, ..usual }, began_at)?;
            (Ledger::Embedded(ledger), None)
        }
    })
}

/// Forgets the ledger in the database while another is in use.
///
/// Of the keys that are spent meanwhile it would know nothing. An embedded ledger that begins anew refuses them.
fn forget_embedded_ledger(store: &Store) -> Result<(), StoreError> {
    store.write(|transaction| {
        let tables: Vec<_> = transaction.list_tables()?.filter(|table| table.name().starts_with("ledger_")).collect();
        if tables.is_empty() {
            return Ok(Change::Nothing(()));
        }
        for table in tables {
            transaction.delete_table(table)?;
        }
        Ok(Change::Commit(()))
    })
}

fn nonces(config: &Config) -> Result<Nonces, InstallationError> {
    let random = || getrandom::u32().map_err(|error| InstallationError::Random(error.to_string()));
    let node = match config.node {
        Some(node) => node.number(),
        None => (random()? % u32::from(Claims::NODES)) as u16,
    };
    Ok(Nonces::new(node, random()?))
}
