import org.springframework.http.HttpStatusCode;
import org.springframework.stereotype.Component;
import org.springframework.web.client.RestClient;

@Component
public class Captcha {
    private static final String CALLS = "/captcha/v1.0/appkeys/{appkey}/keys";
    private final RestClient client = RestClient.create("{host}");
    private final String appkey = System.getenv("HAECHI_APPKEY");

    private record Header(int resultCode, String resultMessage) {}
    private record Issued(Header header, String key) {}
    private record Judged(Header header) {}

    /** The key of a new challenge, for the page with the form. */
    public String issue() {
        return client.post().uri(CALLS, appkey).retrieve().body(Issued.class).key();
    }

    /** Whether what was typed is right. A key passes once. */
    public boolean isRight(String key, String answer) {
        Judged judged = client.get()
            .uri(CALLS + "/{key}/verification?answer={answer}", appkey, key, answer)
            .retrieve()
            .onStatus(HttpStatusCode::isError, (request, response) -> {})
            .body(Judged.class);
        return judged != null && judged.header().resultCode() == 0;
    }
}
