<?php
// google/recaptcha, as its README has it, with the address that its request method takes.
require '/usr/share/php/ReCaptcha/autoload.php';

$siteverify = getenv('HAECHI') . '/recaptcha/api/siteverify';
$methods = [
    'post' => fn () => new ReCaptcha\RequestMethod\Post($siteverify),
    'curl' => fn () => new ReCaptcha\RequestMethod\CurlPost(null, $siteverify),
];
$refusal = '';
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    $recaptcha = new ReCaptcha\ReCaptcha(getenv('SECRET'), $methods[getenv('METHOD')]());
    $verdict = $recaptcha->setExpectedHostname('localhost')->verify($_POST['g-recaptcha-response'] ?? '', $_SERVER['REMOTE_ADDR']);
    if ($verdict->isSuccess()) {
        exit('Signed in as ' . htmlspecialchars($_POST['name']));
    }
    $refusal = implode(', ', $verdict->getErrorCodes());
}
?>
<!doctype html>
<html lang="en">
<title>Sign in</title>
<form method="post">
  <input name="name">
  <script src="<?= getenv('HAECHI') ?>/recaptcha/api.js" async defer></script>
  <div class="g-recaptcha" data-sitekey="<?= getenv('SITE_KEY') ?>"></div>
  <p><?= htmlspecialchars($refusal) ?></p>
  <input type="submit" value="Sign in">
</form>
