
// What an administrator adds to LocalSettings.php. ConfirmEdit knows its vendors' addresses alone.
wfLoadExtensions( [ 'ConfirmEdit', 'ConfirmEdit/' . getenv( 'CAPTCHA' ) ] );
$wgCaptchaTriggers['createaccount'] = true;
$wgHCaptchaSiteKey = $wgReCaptchaSiteKey = getenv( 'SITE_KEY' );
$wgHCaptchaSecretKey = $wgReCaptchaSecretKey = getenv( 'SECRET' );
$wgHCaptchaSendRemoteIP = $wgReCaptchaSendRemoteIP = true;
$wgHTTPProxy = getenv( 'https_proxy' );
