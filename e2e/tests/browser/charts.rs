//! Statistics in the reader's time, and what charts say where somebody points.

use serde_json::json;

use crate::{browser::Setting, console::Console};

#[tokio::test]
async fn times_are_those_of_the_readers_zone() {
    let console = Console::signed_in(Setting::default()).await;
    console.site.use_much();
    let zone = json!({ "timezoneId": "Asia/Seoul" });
    console.browser.devtools("Emulation.setTimezoneOverride", zone).await;
    console.go("/console/audit").await;
    let hours = "(() => { const time = document.querySelector('time'); \
                 const shown = Number(time.textContent.slice(-5, -3)); \
                 return (shown - new Date(time.dateTime).getUTCHours() + 24) % 24; })()";
    assert_eq!(console.browser.evaluate(hours).await, 9);
    Console::says(&console.text().await, "Times are those of your time zone (UTC+09:00).");
    console.go_to_figures("/console/apps/1?span=24h").await;
    let last = "document.querySelector('.charts tbody tr:last-child th').textContent";
    let expected = "(() => { const { from, step } = document.querySelector('.charts').dataset; \
                    const rows = document.querySelector('.charts tbody').rows.length; \
                    const at = new Date((Number(from) + (rows - 1) * Number(step) + 9 * 3600) * 1000); \
                    return at.toISOString().slice(11, 16); })()";
    let (last, expected) = (console.browser.evaluate(last).await, console.browser.evaluate(expected).await);
    assert!(last.as_str().unwrap().ends_with(expected.as_str().unwrap()), "{last} {expected}");
}

#[tokio::test]
async fn a_chart_says_what_it_shows_where_somebody_points() {
    let console = Console::signed_in(Setting::default()).await;
    console.site.use_much();
    console.go_to_figures("/console/apps/1?span=1h").await;
    let last = "[...document.querySelector('.charts tbody tr:last-child').cells].map((cell) => cell.textContent)";
    let cells = console.browser.evaluate(last).await;
    let cells: Vec<&str> = cells.as_array().unwrap().iter().map(|cell| cell.as_str().unwrap()).collect();
    let [time, issued, _, _, unanswered, rate, median, p90] = cells.as_slice() else { panic!("{cells:?}") };
    let counts = format!("{time}\nWords issued: {issued}\n");
    // One table has the figures of all three, of which each says its own.
    for (chart, begins, ends) in [
        (0, counts, format!("Unanswered: {unanswered}")),
        (1, format!("{time}\nPass rate: {rate}"), String::new()),
        (2, format!("{time}\nMedian time: {median}\n"), format!("90th percentile time: {p90}")),
    ] {
        let point = format!(
            "(() => {{ const plot = document.querySelectorAll('.plot svg')[{chart}]; \
             const box = plot.getBoundingClientRect(), [x, y] = [box.right - 1, box.top]; \
             plot.dispatchEvent(new PointerEvent('pointermove', {{ bubbles: true, clientX: x, clientY: y }})); \
             return document.querySelector('.tip').textContent; }})()"
        );
        let said = console.browser.evaluate(&point).await;
        let said = said.as_str().unwrap();
        assert!(said.starts_with(&begins) && said.ends_with(&ends), "{said}");
        assert!(chart != 1 || said == begins, "{said}");
    }
}
