//! The example for Spring, in a site on Spring's dispatcher and Jetty, which asks a real server.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use crate::server::{Reply, TestServer, not_tested, send, send_request};

/// What the site is made of, from Debian's packages `libspring-web-servlet-java` and `libjetty9-java`.
const LIBRARIES: [&str; 15] = [
    "commons-logging",
    "jetty9-http",
    "jetty9-io",
    "jetty9-security",
    "jetty9-server",
    "jetty9-servlet",
    "jetty9-util",
    "servlet-api",
    "spring3-aop",
    "spring3-beans",
    "spring3-context",
    "spring3-core",
    "spring3-expression",
    "spring3-web",
    "spring3-web.servlet",
];
const FILES: [(&str, &str); 3] = [
    ("Captcha.java", include_str!("../../../src/pages/console/snippets/Captcha.java")),
    ("JoinController.java", include_str!("../../../src/pages/console/snippets/JoinController.java")),
    ("Site.java", include_str!("Site.java")),
];

/// The site, running. It is ended when dropped.
struct Site {
    java: Child,
    url: String,
    _folder: TempDir,
}

impl Site {
    /// Compiles and starts it; `None` where something for that is missing.
    fn start(server: &TestServer) -> Option<Self> {
        let libraries = LIBRARIES.map(|library| format!("/usr/share/java/{library}.jar"));
        let missing = libraries.iter().find(|library| !Path::new(library).exists());
        if missing.is_some() || Command::new("javac").arg("-version").output().is_err() {
            not_tested(&format!("JoinController.java, because there is no {}", missing.map_or("javac", |path| path)));
            return None;
        }
        let folder = TempDir::new().unwrap();
        for (name, text) in FILES {
            fs::write(folder.path().join(name), text.replace("{host}", server.url()).replace("{lang}", "ko")).unwrap();
        }
        let class_path = format!(".:{}", libraries.join(":"));
        let mut compiler = Command::new("javac");
        compiler.args([
            "-Xlint:all,-path",
            "-Werror",
            "--release",
            "11",
            "-encoding",
            "UTF-8",
            "-classpath",
            &class_path,
        ]);
        let compiled = compiler.args(FILES.map(|(name, _)| name)).current_dir(folder.path()).output().unwrap();
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        let log = folder.path().join("log");
        let mut site = Command::new("java");
        site.args(["-classpath", &class_path, "Site"]).current_dir(folder.path());
        site.env("HAECHI_APPKEY", server.appkey()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut java = site.stderr(fs::File::create(&log).unwrap()).spawn().unwrap();
        let mut port = String::new();
        BufReader::new(java.stdout.take().unwrap()).read_line(&mut port).unwrap();
        assert!(!port.is_empty(), "{}", fs::read_to_string(log).unwrap());
        Some(Self { java, url: format!("http://127.0.0.1:{}", port.trim()), _folder: folder })
    }

    /// Sends the form, as a browser does that has this cookie.
    fn join(&self, session: &str, answer: &str) -> Reply {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        let form = form.append_pair("captcha_answer", answer).finish();
        let request = ureq::http::Request::post(format!("{}/join", self.url)).header("cookie", session);
        send_request(request.header("content-type", "application/x-www-form-urlencoded").body(form).unwrap())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.java.kill();
        let _ = self.java.wait();
    }
}

/// The key on a page, and whether it says that an answer was wrong.
fn on(page: &Reply) -> (String, bool) {
    let words: Vec<&str> = page.text().split(' ').collect();
    assert_eq!((page.status, words[0]), (200, "join"), "{}", page.text());
    (words[2].to_owned(), words[1] == "true")
}

#[test]
fn the_spring_example_works() {
    let server = TestServer::start();
    let Some(site) = Site::start(&server) else { return };
    let page = send("GET", &format!("{}/join", site.url));
    let session = page.header("set-cookie").split(';').next().unwrap().to_owned();
    let (first, is_wrong) = on(&page);
    assert!(!is_wrong);
    let (second, is_wrong) = on(&site.join(&session, "wrong & wrong"));
    assert!(is_wrong && second != first);
    let answer = server.answer_of(&second);
    let (_, is_wrong) = on(&site.join("", &answer));
    assert!(is_wrong, "the key is this visitor's");
    let joined = site.join(&session, &answer.to_lowercase());
    assert_eq!(joined.status, 302);
    assert!(joined.header("location").ends_with("/welcome"), "{}", joined.header("location"));
    let (_, is_wrong) = on(&site.join(&session, &answer));
    assert!(is_wrong, "a key passes once");
}
