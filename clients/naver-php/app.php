<?php
// As the public references of NAVER's CAPTCHA have it, by curl.
$base = getenv("HAECHI");
$client_id = getenv("SITE_KEY");
$client_secret = getenv("SECRET");

if (getenv("GENERATION") === "cloud") {
    $headers = ["X-NCP-APIGW-API-KEY-ID: " . $client_id, "X-NCP-APIGW-API-KEY: " . $client_secret];
    [$nkey, $ncaptcha] = ["/captcha/v1/nkey", "/captcha-bin/v1/ncaptcha"];
    [$skey, $scaptcha] = ["/scaptcha/v1/skey", "/scaptcha-bin/v1/scaptcha"];
    $shown = "&X-NCP-APIGW-API-KEY-ID=" . $client_id;
} else {
    $headers = ["X-Naver-Client-Id: " . $client_id, "X-Naver-Client-Secret: " . $client_secret];
    [$nkey, $ncaptcha] = ["/v1/captcha/nkey", "/v1/captcha/ncaptcha.bin"];
    [$skey, $scaptcha] = ["/v1/captcha/skey", "/v1/captcha/scaptcha"];
    $shown = "";
}

function get($path, $headers)
{
    $ch = curl_init();
    curl_setopt($ch, CURLOPT_URL, $GLOBALS["base"] . $path);
    curl_setopt($ch, CURLOPT_POST, false);
    curl_setopt($ch, CURLOPT_RETURNTRANSFER, true);
    curl_setopt($ch, CURLOPT_HTTPHEADER, $headers);
    $response = curl_exec($ch);
    $status_code = curl_getinfo($ch, CURLINFO_HTTP_CODE);
    return ["status" => $status_code, "body" => $response];
}

function issue($address)
{
    $reply = get($address . "?code=0", $GLOBALS["headers"]);
    return json_decode($reply["body"], true)["key"];
}

function judge($address, $key, $value)
{
    return get($address . "?code=1&key=" . $key . "&value=" . urlencode($value), $GLOBALS["headers"]);
}

function say($what, $reply)
{
    echo json_encode(["what" => $what] + $reply), "\n";
}

foreach ([["picture", $nkey, $ncaptcha, "captcha.jpg"], ["sound", $skey, $scaptcha, "captcha.wav"]] as $wanted) {
    [$kind, $address, $media, $name] = $wanted;
    $key = issue($address);
    // As a page's <img> or <audio> does, without the secret.
    file_put_contents(getenv("FOLDER") . "/" . $name, get($media . "?key=" . $key . $shown, [])["body"]);
    say("$kind right", judge($address, $key, "TEST5"));
    say("$kind again", judge($address, $key, "TEST5"));
    say("$kind wrong", judge($address, issue($address), "WRONG"));
}
$wrong = array_map(fn ($header) => explode(":", $header)[0] . ": wrong", $headers);
say("stranger", get($nkey . "?code=0", $wrong));
