HOST={host}
APPKEY=the-appkey

# 1. Issue a challenge, in the language of the page.
KEY=$(curl -s -X POST "$HOST/captcha/v1.0/appkeys/$APPKEY/keys?lang={lang}" | sed -E 's/.*"key":"([^"]*)".*/\1/')

# 2. Its picture and its sound, which the visitor's browser fetches.
curl -s -o challenge.gif "$HOST/captcha/v1.0/keys/$KEY/img"
curl -s -o challenge.wav "$HOST/captcha/v1.0/keys/$KEY/sound"

# 3. Judge what was typed. Right: "resultCode":0. A key passes once.
curl -s --get --data-urlencode "answer=ABCDE" \
  "$HOST/captcha/v1.0/appkeys/$APPKEY/keys/$KEY/verification"
