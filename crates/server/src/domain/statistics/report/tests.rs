use super::*;
use crate::domain::counters::{AnswerTimes, Asked, Demanded, TokenMeans};

/// A Unix time at which a day begins.
const DAY: u64 = 20_000 * DAY_SECS;

fn judged(passed: u64, wrong: u64) -> Counts {
    Counts { passed, wrong, ..Counts::default() }
}

/// Right answers that took so many seconds, so many of each.
fn timed(times: &[(u64, u64)]) -> Counts {
    let mut counts = Counts::default();
    for (secs, count) in times {
        (0..*count).for_each(|_| counts.times.count(*secs));
        counts.passed += count;
    }
    counts
}

fn kinds(hour: &Counts, before: &Counts) -> Vec<&'static str> {
    let kind = |mark: &Mark| match mark {
        Mark::FastAnswers { .. } => "fast",
        Mark::PassRateChanged { .. } => "rate",
        Mark::TimeChanged { .. } => "time",
        Mark::UnansweredGrew { .. } => "unanswered",
        Mark::WrongSolutions { .. } => "wrong solutions",
        Mark::WorkUndone { .. } => "undone",
    };
    Mark::find(hour, before).iter().map(kind).collect()
}

#[test]
fn answers_within_two_seconds_are_marked_from_a_quarter_on() {
    let nothing = Counts::default();
    assert_eq!(kinds(&timed(&[(2, 5), (9, 15)]), &nothing), ["fast"]);
    assert_eq!(kinds(&timed(&[(2, 5), (9, 16)]), &nothing), [""; 0], "less than a quarter");
    assert_eq!(kinds(&timed(&[(2, 5), (9, 14)]), &nothing), [""; 0], "fewer than 20");
    assert_eq!(kinds(&timed(&[(3, 40)]), &nothing), [""; 0]);
    assert_eq!(Mark::find(&timed(&[(0, 10), (9, 10)]), &nothing), [Mark::FastAnswers { share: 0.5 }]);
    assert_eq!(kinds(&nothing, &nothing), [""; 0]);
}

#[test]
fn a_pass_rate_that_changes_suddenly_is_marked_both_ways() {
    let before = judged(180, 20);
    assert_eq!(kinds(&judged(30, 20), &before), ["rate"]);
    assert_eq!(kinds(&judged(300, 0), &judged(1000, 1000)), ["rate"]);
    assert_eq!(kinds(&judged(72, 28), &before), [""; 0], "18 points");
    assert_eq!(kinds(&judged(29, 20), &before), [""; 0], "49 answers");
    assert_eq!(kinds(&judged(30, 20), &judged(179, 20)), [""; 0], "199 answers before");
    assert_eq!(kinds(&judged(36, 14), &judged(104, 96)), [""; 0], "20 points, which may be chance");
    let mark = Mark::PassRateChanged { before: 0.9, now: 0.6 };
    assert_eq!(Mark::find(&judged(60, 40), &before), [mark]);
}

#[test]
fn a_pass_rate_of_all_or_nothing_is_no_change_from_itself() {
    assert_eq!(kinds(&judged(50, 0), &judged(200, 0)), [""; 0]);
    assert_eq!(kinds(&judged(0, 50), &judged(0, 200)), [""; 0]);
    assert_eq!(kinds(&judged(0, 50), &judged(200, 0)), ["rate"]);
}

#[test]
fn a_median_that_falls_below_half_is_marked() {
    let before = timed(&[(12, 200)]);
    assert_eq!(kinds(&timed(&[(5, 50)]), &before), ["time"]);
    assert_eq!(kinds(&timed(&[(6, 50)]), &before), [""; 0], "it is half");
    assert_eq!(kinds(&timed(&[(5, 49)]), &before), [""; 0]);
    assert_eq!(kinds(&timed(&[(5, 50)]), &timed(&[(12, 199)])), [""; 0]);
    assert_eq!(kinds(&timed(&[(60, 50)]), &before), [""; 0], "people may be slow");
}

/// Challenges of which so many were left, each shown once.
fn left(left: u64, issued: u64) -> Counts {
    Counts { issued, images: issued, passed: issued - left, ..Counts::default() }
}

/// Attack W16: a solver that answered only what it was sure of left the rest, and nothing showed it.
#[test]
fn a_grown_share_of_challenges_that_were_shown_and_left_is_marked() {
    let before = left(100, 500);
    let check = |hour: &Counts, before: &Counts, expected: Option<(f64, f64)>| {
        let marks: Vec<_> = expected.map(|(before, now)| Mark::UnansweredGrew { before, now }).into_iter().collect();
        assert_eq!(Mark::find(hour, before), marks, "{hour:?}");
    };
    check(&left(50, 100), &before, Some((0.2, 0.5)));
    check(&left(40, 100), &before, Some((0.2, 0.4)));
    check(&left(39, 100), &before, None);
    check(&left(49, 99), &before, None);
    check(&left(50, 100), &left(79, 399), None);
    check(&left(0, 100), &left(450, 500), None);
    check(&left(700, 1_000), &left(2_000, 4_000), Some((0.5, 0.7)));
    // 20 points as well, which may be chance.
    check(&left(70, 100), &left(200, 400), None);
    // Wrong answers are answers, of which there may be more than challenges where a key takes several.
    let of_answers = |passed, wrong| Counts { passed, wrong, ..left(0, 100) };
    let day = Counts { passed: 320, wrong: 80, ..left(0, 500) };
    check(&of_answers(70, 30), &day, None);
    check(&of_answers(80, 40), &day, None);
    check(&of_answers(40, 10), &day, Some((0.2, 0.5)));
}

#[test]
fn a_challenge_that_was_never_shown_is_nobodys_skipping() {
    let before = left(100, 500);
    let issued = |images, sounds| Counts { issued: 1_000, images, sounds, passed: 80, ..Counts::default() };
    assert_eq!(Mark::find(&issued(100, 0), &before), [], "20 of 100 that were shown were left");
    assert_eq!(Mark::find(&issued(100, 300), &before), [Mark::UnansweredGrew { before: 0.2, now: 0.8 }]);
    let twice = Counts { images: 1_000, ..left(100, 500) };
    assert_eq!(Mark::find(&twice, &before), [], "a picture that is fetched twice is one challenge");
}

fn works(done: u64, undone: u64, wrong: u64) -> Works {
    Works { issued: done + undone, done, undone, wrong, ..Works::default() }
}

/// An hour of a busy site where work alone is asked of everybody, on every page view: it is fast, and half of the pages are
/// left before it is done, and nearly all without a form.
fn busy_with_work() -> Counts {
    Counts {
        widget: 100_000,
        tokens: 50_000,
        redeemed: 900,
        unredeemed: 49_000,
        redeemed_for_work: 900,
        unredeemed_for_work: 49_000,
        works: works(50_000, 50_000, 0),
        ..Counts::default()
    }
}

#[test]
fn work_that_is_fast_or_left_is_nothing_unlike_people() {
    let quiet = Counts::default();
    let people = Counts { images: 500, issued: 500, ..timed(&[(9, 450)]) };
    assert_eq!(kinds(&busy_with_work(), &quiet), [""; 0]);
    let mut mixed = busy_with_work();
    mixed += &people;
    for (hour, before) in [(&mixed, &people), (&people, &mixed), (&mixed, &mixed), (&busy_with_work(), &mixed)] {
        assert_eq!(kinds(hour, before), [""; 0]);
    }
    assert_eq!((mixed.pass_rate(), mixed.times.total()), (Some(1.0), 450), "figures of words are words'");
    assert_eq!(mixed.unredeemed_for_words(), 0);
}

#[test]
fn a_mark_of_words_is_not_hidden_by_work() {
    let solver = Counts { images: 200, issued: 200, ..timed(&[(1, 40)]) };
    let people = Counts { images: 500, issued: 500, ..timed(&[(9, 450)]) };
    let mut hour = busy_with_work();
    hour += &solver;
    assert_eq!(kinds(&solver, &people), ["fast", "unanswered"]);
    assert_eq!(kinds(&hour, &people), ["fast", "unanswered"]);
}

#[test]
fn who_does_longer_work_instead_of_a_word_leaves_nothing() {
    let before = left(100, 500);
    let chosen = |instead, longest_done| {
        let works = Works { issued: instead, done: longest_done, longest_done, instead, ..Works::default() };
        kinds(&Counts { works, ..left(50, 100) }, &before)
    };
    assert_eq!(chosen(0, 0), ["unanswered"]);
    assert_eq!(chosen(40, 40), [""; 0]);
    assert_eq!(chosen(40, 2), ["unanswered"], "choosing it costs nothing; doing it does");
    assert_eq!(chosen(2, 4_000), ["unanswered"], "the rule may ask for as much");
}

#[test]
fn solutions_that_solve_nothing_are_marked_from_a_tenth_on() {
    let check = |done, wrong, expected: Option<f64>| {
        let hour = Counts { works: works(done, 0, wrong), ..Counts::default() };
        let marks: Vec<_> = expected.map(|share| Mark::WrongSolutions { share }).into_iter().collect();
        assert_eq!(Mark::find(&hour, &Counts::default()), marks, "{done} done, {wrong} wrong");
    };
    check(0, 20, Some(1.0));
    check(0, 19, None);
    check(180, 20, Some(0.1));
    check(181, 20, None);
    check(1_000_000, 2_000, None);
}

#[test]
fn work_that_hardly_anybody_does_is_marked() {
    let check = |done, undone, expected: Option<f64>| {
        let hour = Counts { works: works(done, undone, 0), ..Counts::default() };
        let marks: Vec<_> = expected.map(|share| Mark::WorkUndone { share }).into_iter().collect();
        assert_eq!(Mark::find(&hour, &Counts::default()), marks, "{done} done, {undone} undone");
    };
    check(0, 100, Some(0.0));
    check(0, 99, None);
    check(1, 99, Some(0.01));
    check(2, 98, None);
    check(0, 0, None);
    // What may still be done speaks for nobody and against nobody.
    let waits = Works { issued: 1_000, ..works(0, 0, 0) };
    assert_eq!(Mark::find(&Counts { works: waits, ..Counts::default() }, &Counts::default()), []);
}

#[test]
fn marks_of_words_and_of_work_are_told_apart() {
    let hour = Counts { works: works(1, 200, 30), ..timed(&[(1, 30)]) };
    let marks = Mark::find(&hour, &Counts::default());
    assert_eq!(marks.iter().map(Mark::is_of_words).collect::<Vec<_>>(), [true, false, false]);
}

fn issued(issued: u64, settled: u64) -> Row {
    Row { counts: Counts { issued, ..Counts::default() }, settled }
}

fn view(minutes: &[(u64, Row)], ttl_secs: u64) -> View {
    let minutes: Rows = minutes.iter().cloned().collect();
    View { hours: crate::domain::counters::row::hours(&minutes), minutes, ttl_secs }
}

#[track_caller]
fn check_unanswered(view: &View, span: Span, now: u64, expected: u64) {
    assert_eq!(view.report(Window::new(span, now)).total.unanswered, expected, "at {}", now - DAY);
}

#[test]
fn challenges_are_unanswered_once_their_time_is_over() {
    let view = view(&[(DAY, issued(10, 4)), (DAY + 60, issued(5, 5)), (DAY + 120, issued(7, 0))], 180);
    for span in [Span::Hour, Span::Day, Span::Month] {
        check_unanswered(&view, span, DAY + 249, 0);
        check_unanswered(&view, span, DAY + 250, 6);
        check_unanswered(&view, span, DAY + 369, 6);
        check_unanswered(&view, span, DAY + 370, 13);
    }
}

#[test]
fn tokens_are_unredeemed_once_their_time_is_over() {
    let row = Row { counts: Counts { tokens: 5, redeemed: 3, ..Counts::default() }, settled: 0 };
    let view = view(&[(DAY, row)], 30);
    let unredeemed = |span, now| view.report(Window::new(span, now)).total.unredeemed;
    for span in [Span::Hour, Span::Day] {
        assert_eq!([unredeemed(span, DAY + 369), unredeemed(span, DAY + 370)], [0, 2]);
    }
}

#[test]
fn work_is_undone_once_its_time_is_over_and_no_word_is_unanswered_for_it() {
    let row = |issued, done| {
        let works = Works { issued, done, ..Works::default() };
        Row { counts: Counts { works, ..Counts::default() }, settled: 0 }
    };
    let view = view(&[(DAY, row(10, 4)), (DAY + 60, row(5, 5)), (DAY + 120, row(7, 0))], 180);
    for span in [Span::Hour, Span::Day, Span::Month] {
        let undone = [249, 250, 369, 370].map(|after| {
            let total = view.report(Window::new(span, DAY + after)).total;
            assert_eq!((total.unanswered, total.works.issued, total.works.done), (0, 22, 9));
            total.works.undone
        });
        assert_eq!(undone, [0, 6, 6, 13]);
    }
}

#[test]
fn tokens_for_words_are_told_from_those_for_work() {
    let means = TokenMeans { picture: 4, sound: 1, work: 90 };
    let counts = Counts { tokens: 95, redeemed: 13, means, redeemed_for_work: 10, ..Counts::default() };
    let view = view(&[(DAY, Row { counts, settled: 0 })], 30);
    let total = view.report(Window::new(Span::Day, DAY + 370)).total;
    assert_eq!((total.unredeemed, total.unredeemed_for_work, total.unredeemed_for_words()), (82, 80, 2));
}

#[test]
fn what_would_have_been_asked_is_in_every_span() {
    let demanded = |calm, word| Demanded { without_word: [calm, 0, 0, 0], with_word: [0, word, 0, 0] };
    let row = |calm, word| {
        let asked = Asked { word: calm + word, ..Asked::default() };
        Row { counts: Counts { demanded: demanded(calm, word), asked, ..Counts::default() }, settled: 0 }
    };
    // A storm of an hour, yesterday.
    let view = view(&[(DAY, row(90, 10)), (DAY + DAY_SECS / 2, row(5, 95)), (DAY + DAY_SECS, row(70, 0))], 180);
    let report = view.report(Window::new(Span::Week, DAY + DAY_SECS + 60));
    assert_eq!((report.total.demanded.words(), report.total.demanded.total()), (105, 270));
    assert_eq!(report.total.asked, Asked { word: 270, both: 0, work: 0 });
    let shares: Vec<_> = report.points.iter().filter_map(|point| point.counts.demanded.word_share()).collect();
    assert_eq!(shares, [0.1, 0.95, 0.0]);
}

#[test]
fn challenges_of_an_hour_that_is_over_need_no_minutes() {
    let mut view = view(&[(DAY + 3540, issued(10, 4))], 3600);
    check_unanswered(&view, Span::Day, DAY + 7209, 0);
    check_unanswered(&view, Span::Day, DAY + 7210, 6);
    view.minutes.clear();
    check_unanswered(&view, Span::Day, DAY + 7210, 6);
}

#[test]
fn a_count_that_a_crash_lost_makes_no_nonsense() {
    check_unanswered(&view(&[(DAY, issued(2, 3))], 180), Span::Hour, DAY + 600, 0);
}

#[test]
fn points_begin_at_multiples_of_their_step_and_the_last_one_is_now() {
    let now = DAY + 13 * HOUR_SECS + 125;
    for span in Span::ALL {
        let report = view(&[], 180).report(Window::new(span, now));
        assert_eq!((report.points.len() as u64, report.from % span.step_secs()), (span.points(), 0));
        assert_eq!(report.from, report.points[0].begins_at);
        let last = report.points.last().unwrap().begins_at;
        assert!(last <= now && now < last + span.step_secs(), "{span:?}");
    }
}

#[test]
fn total_is_the_sum_of_the_points_and_before_is_as_much_time() {
    let now = DAY + 13 * HOUR_SECS + 1800;
    let minutes: Vec<_> = (0..180).map(|day| (DAY + 12 * HOUR_SECS - day * DAY_SECS, issued(1, 1))).collect();
    let view = view(&minutes, 180);
    let check = |span, total, before| {
        let report = view.report(Window::new(span, now));
        let sum: u64 = report.points.iter().map(|point| point.counts.issued).sum();
        assert_eq!((sum, report.total.issued, report.before.issued), (total, total, before), "{span:?}");
    };
    check(Span::Hour, 0, 1);
    check(Span::Day, 1, 1);
    check(Span::Week, 7, 7);
    check(Span::Month, 30, 30);
    check(Span::Quarter, 90, 90);
}

#[test]
fn time_before_ends_as_long_ago_as_the_span_is() {
    let now = DAY + 20 * HOUR_SECS + 1200;
    let until = |now| Window::new(Span::Month, now).time_before().end;
    assert_eq!(until(now), DAY - 30 * DAY_SECS + 20 * HOUR_SECS);
    assert_eq!(until(now + 1200), DAY - 30 * DAY_SECS + 21 * HOUR_SECS);
}

#[test]
fn marks_look_at_the_last_hour_whatever_the_span() {
    let mut times = AnswerTimes::default();
    (0..20).for_each(|_| times.count(1));
    let row = Row { counts: Counts { passed: 20, times, ..Counts::default() }, settled: 20 };
    let view = view(&[(DAY, row)], 180);
    for span in Span::ALL {
        assert_eq!(view.report(Window::new(span, DAY + 3599)).marks, [Mark::FastAnswers { share: 1.0 }]);
        assert_eq!(view.report(Window::new(span, DAY + 3600)).marks, []);
    }
}

#[test]
fn a_clock_that_just_began_is_no_trouble() {
    for span in Span::ALL {
        assert_eq!(view(&[], 180).report(Window::new(span, 0)).from, 0);
    }
}

#[test]
fn spans_are_found_by_their_names() {
    for span in Span::ALL {
        assert_eq!(Span::from_name(span.name()), Some(span));
        assert_eq!(serde_json::to_value(span).unwrap(), span.name());
    }
    assert_eq!(Span::from_name("2h"), None);
}
