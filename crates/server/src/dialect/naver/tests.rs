use super::*;

#[test]
fn an_address_is_of_the_class_that_its_query_asks_for() {
    let call = |query: &str| call_of(&format!("/captcha/v1/nkey{query}").parse().unwrap());
    for query in ["", "?code=0", "?code=", "?code=2", "?code=0&code=1", "?code=%zz"] {
        assert_eq!(call(query), Call::Issue, "{query}");
    }
    assert_eq!([call("?code=1"), call("?key=x&code=1")], [Call::Verify; 2]);
}

#[test]
fn both_forms_of_a_key_are_one() {
    let key = "a9859757-5b5a-42d1-bc85-c560b0141ec1";
    for form in [key, " a98597575b5a42d1bc85c560b0141ec1", "A98597575B5A42D1BC85C560B0141EC1"] {
        assert_eq!(with_hyphens(form), key, "{form}");
    }
    assert_eq!(with_hyphens("x"), "x");
}

#[test]
fn the_time_of_an_answer_is_told_where_it_is_known() {
    let judged = |issued_at, after_secs| Judged { verdict: Verdict::Passed, issued_at, after_secs, is_repeated: false };
    assert_eq!(response_secs(&judged(100, 22), 122), Some(22));
    assert_eq!(response_secs(&judged(100, 7_200), 7_300), Some(7_200));
    assert_eq!(response_secs(&judged(100, 7_201), 7_301), None);
    assert_eq!(response_secs(&judged(101, 0), 100), None);
}

#[test]
fn browsers_are_told_in_pictures_and_programs_in_words() {
    let parts = |path: &str, accept: &str| {
        axum::http::Request::get(path).header(header::ACCEPT, accept).body(()).unwrap().into_parts().0
    };
    let sight = |path, accept| onlooker(&parts(path, accept)).map(|onlooker| onlooker.sense() == Sense::Sight);
    let picture = "/captcha-bin/v1/ncaptcha?key=x";
    assert_eq!(sight(picture, "image/avif,image/webp,*/*;q=0.8"), Some(true));
    assert_eq!(sight("/v1/captcha/ncaptcha.bin?key=x", "image/webp,*/*"), Some(true));
    // Java's HttpURLConnection.
    assert_eq!(sight(picture, "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"), Some(false));
    assert_eq!(sight(picture, "*/*"), Some(false));
    assert_eq!(sight("/captcha/v1/nkey", "image/webp"), None);
}
