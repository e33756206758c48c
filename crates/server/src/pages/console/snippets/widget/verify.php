<?php
// PHP 8 with its curl extension. The token is $_POST['haechi-response'].

/** Whether the form comes from a person who passed the challenge. A token counts once. */
function is_person(string $token): bool
{
    $call = curl_init('{host}/siteverify');
    curl_setopt_array($call, [
        CURLOPT_POSTFIELDS => http_build_query(['secret' => getenv('HAECHI_SECRET'), 'response' => $token]),
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => 10,
    ]);
    return json_decode((string) curl_exec($call), true)['success'] ?? false;
}
