//! What the rule of `adaptive` knows of an app just now, as JSON.

use std::sync::Arc;

use axum::{Extension, extract::State, http::Uri, response::Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Administered, Caller, app_number, blocking, ok};
use crate::{
    clock::unix_now,
    dialect::admin::problem::Problem,
    domain::{
        demand::{Reason, View},
        service::Service,
    },
};

/// What is known of an app's challenges just now, by this node and, where they count together, by all.
#[derive(Serialize, ToSchema)]
pub(crate) struct DemandState {
    /// The app's number.
    app: u32,
    /// Challenges begun in the last minute.
    per_minute: u64,
    /// Those of them that came from no network that looks unlike people.
    unsuspected_per_minute: u64,
    /// What the app usually sees in a minute of its busy hours; null until that is known.
    usual_per_minute: Option<u64>,
    /// The least level of work that is asked of everybody.
    #[schema(minimum = 0, maximum = 3)]
    level: u8,
    /// Why it is not 0: `app_busy`, `app_wrong`, `app_unanswered`.
    reasons: Vec<&'static str>,
    /// Of a hundred unsuspected challenges of the last five minutes, how many nobody answered in time; null if there were
    /// none.
    unanswered_percent: Option<u8>,
    /// Of a hundred answers to words in that time, how many were wrong; null if there were none.
    wrong_percent: Option<u8>,
    /// The networks that look unlike people to this node, whatever their apps. Which ones is not known.
    suspect_networks: usize,
    /// The networks that are known for people.
    peoples_networks: usize,
}

/// Show what the rule of the policy `adaptive` knows of an app just now, whatever the app's policy. Scope:
/// `statistics:read`.
///
/// It goes through all that is known of networks, so it is for whoever looks, and not to be asked every second.
#[utoipa::path(
    get, path = "/admin/v1/apps/{app}/demand", operation_id = "app_demand", tag = "Admin API", security(("token" = [])),
    params(("app" = u32, Path, description = "The app's number")),
    responses((status = 200, body = DemandState), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn state(
    State(admin): Administered,
    Caller(actor): Caller,
    Extension(service): Extension<Arc<Service>>,
    uri: Uri,
) -> Result<Response, Problem> {
    let app = app_number(&uri)?;
    let view = blocking(&admin, move |admin| {
        admin.check_may_see_figures(&actor, app)?;
        Ok(service.demands().view(app, unix_now()))
    })
    .await?;
    Ok(ok(&DemandState::of(app, &view)))
}

impl DemandState {
    fn of(app: u32, view: &View) -> Self {
        Self {
            app,
            per_minute: view.per_minute,
            unsuspected_per_minute: view.unsuspected_per_minute,
            usual_per_minute: view.usual_per_minute,
            level: view.level,
            reasons: view.reasons.iter().map(Reason::name).collect(),
            unanswered_percent: view.unanswered_percent,
            wrong_percent: view.wrong_percent,
            suspect_networks: view.suspect_networks,
            peoples_networks: view.peoples_networks,
        }
    }
}
