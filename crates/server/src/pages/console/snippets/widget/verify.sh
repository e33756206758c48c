# The form's field haechi-response holds the token. HAECHI_SECRET is the app's secret.
curl --silent --max-time 10 --data-urlencode "secret=$HAECHI_SECRET" --data-urlencode "response=$TOKEN" \
  {host}/siteverify
