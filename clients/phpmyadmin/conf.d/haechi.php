<?php
// What an administrator writes into /etc/phpmyadmin/conf.d.
$cfg['blowfish_secret'] = str_repeat('of this test alone', 2);
$cfg['TempDir'] = getenv('TEMP_DIR');
$cfg['Servers'][1]['auth_type'] = 'cookie';
$cfg['Servers'][1]['host'] = '127.0.0.1';
$cfg['Servers'][1]['port'] = getenv('DATABASE_PORT');
$cfg['CaptchaMethod'] = getenv('METHOD');
$cfg['CaptchaApi'] = getenv('HAECHI') . '/recaptcha/api.js';
$cfg['CaptchaCsp'] = getenv('HAECHI_ORIGIN');
$cfg['CaptchaSiteVerifyURL'] = getenv('HAECHI') . '/recaptcha/api/siteverify';
$cfg['CaptchaRequestParam'] = 'g-recaptcha';
$cfg['CaptchaResponseParam'] = 'g-recaptcha-response';
$cfg['CaptchaLoginPublicKey'] = getenv('SITE_KEY');
$cfg['CaptchaLoginPrivateKey'] = getenv('SECRET');
