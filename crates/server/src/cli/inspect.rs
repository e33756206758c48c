//! `haechi inspect`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use haechi::{
    clock::unix_now,
    installation::{
        config::Config,
        control,
        inspect::{Inspection, KeyState, Question},
        open_to_inspect,
    },
    keep::store::Store,
};

use super::{
    Common,
    apps::by_server_or_directly,
    output::{self, rfc3339},
};

#[derive(Args)]
pub(super) struct Inspect {
    /// The key
    key: String,
    /// Say the answer too: the picture's word, and that of the sound in each language. Any of them counts
    #[arg(long)]
    answer: bool,
    #[command(flatten)]
    common: Common,
}

impl Inspect {
    pub(super) fn run(self) -> Result<ExitCode> {
        let config = self.common.config()?;
        let question = Question { key: self.key, with_answer: self.answer };
        let directly = |store| inspect_in(store, &config, &question);
        let inspection = by_server_or_directly(&config, control::INSPECT, &question, false, directly)?;
        if self.common.json {
            output::print_json(&inspection)?;
        } else {
            output::print(&describe(&inspection))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn inspect_in(store: Store, config: &Config, question: &Question) -> Result<Inspection> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let service = open_to_inspect(config, store, unix_now()).await?;
        Ok(service.inspect(question).await?)
    })
}

fn describe(inspection: &Inspection) -> String {
    let state = match inspection.state {
        KeyState::Fresh => "fresh: nobody has answered it",
        KeyState::Tried => "tried: answered wrongly, with attempts left",
        KeyState::Spent => "spent",
        KeyState::Expired => "expired",
    };
    let app = inspection.app.as_deref().unwrap_or("(gone)");
    let expires = inspection.expires_at.map_or("-".to_owned(), rfc3339);
    let app = if inspection.enabled { app.to_owned() } else { format!("{app} (disabled)") };
    let mut text =
        format!("app      {app}\nissued   {}\nexpires  {expires}\nstate    {state}\n", rfc3339(inspection.issued_at));
    if let Some(level) = inspection.work_level {
        text += &format!("asks for work of level {level}\n");
    }
    if let Some(language) = &inspection.language {
        text += &format!("speaks   {language} only\n");
    }
    if let Some(answer) = &inspection.answer {
        text += &format!("answer   {answer}\n");
    }
    for (language, answer) in inspection.answers.iter().flatten() {
        text += &format!("in {language}    {answer}\n");
    }
    text
}
