<?php
// PHP 8 with its curl extension.
function captcha_call(string $method, string $path): array
{
    $call = curl_init('{host}/captcha/v1.0/appkeys/' . getenv('HAECHI_APPKEY') . '/keys' . $path);
    curl_setopt_array($call, [CURLOPT_CUSTOMREQUEST => $method, CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 10]);
    return json_decode((string) curl_exec($call), true) ?? [];
}

/** The key of a new challenge in the language of the page with the form. */
function captcha_issue(): ?string
{
    return captcha_call('POST', '?lang={lang}')['key'] ?? null;
}

/** Whether what was typed is right. A key passes once. */
function captcha_is_right(string $key, string $answer): bool
{
    $reply = captcha_call('GET', '/' . rawurlencode($key) . '/verification?' . http_build_query(['answer' => $answer]));
    return ($reply['header']['resultCode'] ?? -1) === 0;
}
