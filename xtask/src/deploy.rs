//! `cargo xtask deploy`: whether the texts in `deploy/` are what they should be, by programs that know.

mod chart;

use std::{fmt::Write as _, fs, process::Command};

use anyhow::ensure;
use serde_json::Value;

use crate::{
    command::{root, run},
    packages::{Needed, install_missing},
};

const NEEDED: [&Needed; 3] = [
    &Needed { file: "/usr/share/doc/python3-venv", package: "python3-venv" },
    &Needed { file: "promtool", package: "prometheus" },
    &Needed { file: "npm", package: "npm" },
];

/// Grafana's own types of its dashboards, and what checks a dashboard by them.
const DASHBOARD_CHECK: [&str; 2] = ["@grafana/schema@13.2.3", "typescript@5.9.3"];
/// Where in that package the types are of dashboards that are imported as JSON.
const DASHBOARD_TYPES: &str = "./node_modules/@grafana/schema/dist/types/raw/dashboard/x/types.gen";

/// What must be in a text besides being valid, since somebody would miss it.
const PARTS: [(&str, &str); 10] = [
    // A new volume takes over who owns the folder; the image's user must be able to write there.
    ("Dockerfile", "COPY --from=build --chown=65532:65532 /data /data"),
    ("Dockerfile", "FROM gcr.io/distroless/cc-debian12:nonroot"),
    // Without an address, it finds port and scheme by itself.
    ("Dockerfile", "CMD [\"/usr/local/bin/haechi\", \"healthcheck\"]"),
    ("../.dockerignore", "**/target\n"),
    ("../.dockerignore", "\n.git\n"),
    ("../.dockerignore", "\ndeploy/secret\n"),
    // Kubernetes would write names into the environment that look like settings.
    ("kubernetes.yaml", "enableServiceLinks: false"),
    // What clients have not taken may be 256 MiB, beside all else.
    ("kubernetes.yaml", "limits: {memory: 512Mi}"),
    ("kubernetes.yaml", "runAsNonRoot: true"),
    // A start that fails for something that comes back is tried for ever.
    ("debian/haechi.service", "\nStartLimitIntervalSec=0\n"),
];

/// Installs what checks, and checks.
pub(crate) fn check() -> anyhow::Result<()> {
    install()?;
    check_installed()
}

/// Installs the programs that check into an environment of their own, unless they are there.
pub(crate) fn install() -> anyhow::Result<()> {
    install_missing(&NEEDED, "Install them, or leave this check out")?;
    let folder = root().join("target/deploy");
    if !folder.join("bin/kubernetes-validate").is_file() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        let requirements = root().join("deploy/requirements.txt");
        run(Command::new(folder.join("bin/pip")).args(["install", "--quiet", "--requirement"]).arg(requirements))?;
    }
    if !folder.join("node_modules/.bin/tsc").is_file() {
        // So that npm takes this folder, and not one above that it knows.
        fs::write(folder.join("package.json"), "{}")?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]).args(DASHBOARD_CHECK);
        run(npm.current_dir(&folder))?;
    }
    Ok(())
}

/// Checks with what was installed.
pub(crate) fn check_installed() -> anyhow::Result<()> {
    let program = |name: &str, arguments: &[&str]| {
        let mut command = Command::new(root().join("target/deploy/bin").join(name));
        command.args(arguments).current_dir(root().join("deploy"));
        command
    };
    run(&mut program("hadolint", &["Dockerfile"]))?;
    run(&mut program("check-jsonschema", &["--builtin-schema", "vendor.compose-spec", "docker-compose.yml"]))?;
    run(&mut program("kubernetes-validate", &["--strict", "kubernetes.yaml"]))?;
    let deploy = root().join("deploy");
    for (file, part) in PARTS {
        let text = fs::read_to_string(deploy.join(file))?;
        ensure!(text.contains(part), "deploy/{file} does not say {part:?} any more");
    }
    run(Command::new("promtool").args(["check", "rules", "alerts.yml"]).current_dir(&deploy))?;
    run(Command::new("promtool").args(["test", "rules", "alerts.test.yml"]).current_dir(&deploy))?;
    check_dashboard()?;
    chart::check()
}

/// Whether Grafana's types know all that the dashboard says, and Prometheus can read all that it asks.
fn check_dashboard() -> anyhow::Result<()> {
    let folder = root().join("target/deploy");
    let text = fs::read_to_string(root().join("deploy/grafana.json"))?;
    let typed =
        format!("import type {{ Dashboard }} from \"{DASHBOARD_TYPES}\";\nexport const it: Dashboard = {text};\n");
    fs::write(folder.join("dashboard.ts"), typed)?;
    let mut tsc = Command::new(folder.join("node_modules/.bin/tsc"));
    tsc.args(["--noEmit", "--strict", "--skipLibCheck", "--module", "esnext", "--moduleResolution", "bundler"]);
    run(tsc.arg("dashboard.ts").current_dir(&folder))?;

    // Prometheus reads expressions in rules; the dashboard's become some.
    let mut rules = "groups:\n  - name: dashboard\n    rules:\n".to_owned();
    for expression in expressions(&serde_json::from_str(&text)?) {
        let filled = [("$__rate_interval", "5m"), ("$__range", "6h"), ("$instance", ".*")];
        let expression = filled.iter().fold(expression, |text, (variable, value)| text.replace(variable, value));
        writeln!(rules, "      - {{ record: \"dashboard\", expr: {} }}", Value::String(expression))?;
    }
    fs::write(folder.join("dashboard.yml"), rules)?;
    run(Command::new("promtool").args(["check", "rules", "--lint=none", "dashboard.yml"]).current_dir(&folder))
}

/// What the panels of a dashboard ask for.
fn expressions(dashboard: &Value) -> Vec<String> {
    let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let targets = list(dashboard, "panels").into_iter().flat_map(|panel| list(&panel, "targets"));
    targets.filter_map(|target| target["expr"].as_str().map(str::to_owned)).collect()
}
