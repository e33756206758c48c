// Spring MVC 4.3 or later, as in Spring Boot, with Captcha.java beside it and this bean:
// @Bean Captcha captcha() { return new Captcha(); }
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;

@Controller
public class JoinController {
    private final Captcha captcha;

    public JoinController(Captcha captcha) {
        this.captcha = captcha;
    }

    /** The page with the form, in which ${key} stands in the place of KEY. */
    @GetMapping("/join")
    public String form(Model model) throws Exception {
        model.addAttribute("key", captcha.issue());
        return "join";
    }

    /** What the form sends. A wrong answer gets the page again, with a new challenge. */
    @PostMapping("/join")
    public String join(
        @RequestParam("captcha_key") String key,
        @RequestParam("captcha_answer") String answer,
        Model model
    ) throws Exception {
        if (!captcha.isRight(key, answer)) {
            model.addAttribute("wrong", true);
            return form(model);
        }
        return "redirect:/welcome";
    }
}
