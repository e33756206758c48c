// Spring MVC 4.3 or later, as in Spring Boot, with Captcha.java beside it and this bean:
// @Bean Captcha captcha() { return new Captcha(); }
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.context.request.WebRequest;

@Controller
public class JoinController {
    private final Captcha captcha;

    public JoinController(Captcha captcha) {
        this.captcha = captcha;
    }

    /** The page with the form, in which ${key} stands in the place of KEY. The visitor's session keeps the key. */
    @GetMapping("/join")
    public String form(WebRequest request, Model model) throws Exception {
        String key = captcha.issue();
        request.setAttribute("captcha_key", key, WebRequest.SCOPE_SESSION);
        model.addAttribute("key", key);
        return "join";
    }

    /** What the form sends. A wrong answer gets the page again, with a new challenge. */
    @PostMapping("/join")
    public String join(
        @RequestParam("captcha_answer") String answer,
        WebRequest request,
        Model model
    ) throws Exception {
        String key = (String) request.getAttribute("captcha_key", WebRequest.SCOPE_SESSION);
        if (key == null || !captcha.isRight(key, answer)) {
            model.addAttribute("wrong", true);
            return form(request, model);
        }
        return "redirect:/welcome";
    }
}
