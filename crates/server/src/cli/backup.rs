//! `haechi backup` and `haechi restore`.

use std::{fs, io, path::PathBuf, process::ExitCode};

use anyhow::{Context, Result, bail};
use clap::Args;
use haechi::{
    clock::unix_now,
    installation::{
        backup::{self, Summary},
        config::{Config, LedgerKind},
        control::{self, BackupRequest},
    },
};

use super::{
    Common,
    apps::by_server_or_directly,
    output::{self, rfc3339},
};

#[derive(Args)]
pub(super) struct Backup {
    /// File to make; it must not be there yet
    file: PathBuf,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
pub(super) struct Restore {
    /// File that haechi backup made
    file: PathBuf,
    #[command(flatten)]
    common: Common,
}

impl Backup {
    pub(super) fn run(self) -> Result<ExitCode> {
        let config = self.common.config()?;
        if matches!(config.ledger.kind, LedgerKind::Redis(_)) {
            bail!("apps, users and statistics are in Redis: back that up");
        }
        if self.file.exists() {
            bail!("{} is there already: name another file, or move it away first", self.file.display());
        }
        let taken = self.take(&config)?;
        print(&taken, self.common.json)?;
        Ok(ExitCode::SUCCESS)
    }

    /// Has the file made in the data directory, and takes it from there.
    fn take(&self, config: &Config) -> Result<Summary> {
        let name = format!("backup-{:016x}", getrandom::u64().context("the system gives no random bytes")?);
        let made = config.data.join(&name);
        let request = BackupRequest { name };
        let taken = by_server_or_directly(config, control::BACKUP, &request, false, |store| {
            Ok(backup::take(&store, &made, unix_now())?)
        });
        let moved = taken.and_then(|taken| {
            self.take_over(&made).with_context(|| format!("cannot write {}", self.file.display()))?;
            Ok(taken)
        });
        // It is gone already if it was only renamed.
        let _ = fs::remove_file(&made);
        moved
    }

    /// Gives the file its name, or where that is on another disk copies it, for its owner's eyes only.
    fn take_over(&self, made: &PathBuf) -> io::Result<()> {
        // Unlike a renaming, a link does not replace what somebody else has put there meanwhile.
        match fs::hard_link(made, &self.file) {
            // On another disk, or where there are no links.
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                let mut copy = backup::new_file(&self.file)?;
                io::copy(&mut fs::File::open(made)?, &mut copy).and_then(|_| copy.sync_all()).inspect_err(|_| {
                    let _ = fs::remove_file(&self.file);
                })
            }
            linked => linked,
        }
    }
}

impl Restore {
    pub(super) fn run(self) -> Result<ExitCode> {
        let config = self.common.config()?;
        if matches!(config.ledger.kind, LedgerKind::Redis(_)) {
            bail!("apps, users and statistics are in Redis: restore that");
        }
        let restored = backup::restore(&self.file, &config.data)?;
        print(&restored, self.common.json)?;
        if !self.common.json {
            output::print(
                "\nput the secret back before the server starts. Tokens, users, passwords and appkeys are as they were \
                 then: remove what was removed since, and change what was changed\n",
            )?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print(summary: &Summary, json: bool) -> Result<()> {
    if json {
        return output::print_json(summary);
    }
    output::print(&format!(
        "taken              {}\napps               {}\nusers              {}\ntokens             {}\n\
         audit log entries  {}\nstatistics rows    {}\n",
        rfc3339(summary.taken_at),
        summary.apps,
        summary.users,
        summary.tokens,
        summary.audit_entries,
        summary.statistics_rows
    ))
}
