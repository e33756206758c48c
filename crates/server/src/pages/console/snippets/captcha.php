<?php
// PHP 8 with its curl extension.
function captcha_call(string $method, string $path): array
{
    $call = curl_init('{host}/captcha/v1.0/appkeys/' . getenv('HAECHI_APPKEY') . '/keys' . $path);
    curl_setopt_array($call, [CURLOPT_CUSTOMREQUEST => $method, CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 10]);
    $reply = json_decode((string) curl_exec($call), true);
    $none = ['header' => ['resultCode' => -1, 'resultMessage' => 'no reply: ' . curl_error($call)]];
    return isset($reply['header']) ? $reply : $none;
}

/** The key of a new challenge in the language of the page with the form. */
function captcha_issue(): string
{
    $reply = captcha_call('POST', '?lang={lang}');
    return $reply['key']
        ?? throw new RuntimeException('no challenge was issued: ' . $reply['header']['resultMessage']);
}

/** Whether what was typed is right. A key passes once. Without a verdict nothing has passed. */
function captcha_is_right(string $key, string $answer): bool
{
    $reply = captcha_call('GET', '/' . rawurlencode($key) . '/verification?' . http_build_query(['answer' => $answer]));
    if ($reply['header']['resultCode'] === -1) {
        error_log('haechi gave no verdict: ' . $reply['header']['resultMessage']);
    }
    return $reply['header']['resultCode'] === 0;
}
