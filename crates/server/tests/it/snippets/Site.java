import java.util.Map;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;
import org.springframework.web.servlet.DispatcherServlet;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerAdapter;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;
import org.springframework.web.servlet.view.AbstractUrlBasedView;
import org.springframework.web.servlet.view.UrlBasedViewResolver;

/** A site on Spring with the example's controller. Prints its port, and ends with its standard input. */
class Site {
    public static void main(String[] words) throws Exception {
        AnnotationConfigWebApplicationContext beans = new AnnotationConfigWebApplicationContext();
        beans.register(Captcha.class, JoinController.class, Pages.class);
        beans.register(RequestMappingHandlerMapping.class, RequestMappingHandlerAdapter.class);
        ServletContextHandler servlets = new ServletContextHandler(ServletContextHandler.SESSIONS);
        servlets.addServlet(new ServletHolder(new DispatcherServlet(beans)), "/");
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        server.setHandler(servlets);
        server.start();
        System.out.println(connector.getLocalPort());
        while (System.in.read() != -1) {
        }
        server.stop();
    }
}

/** In the place of a site's templates: pages that show what the controller gives to them. */
class Pages extends UrlBasedViewResolver {
    Pages() {
        setViewClass(Page.class);
    }
}

class Page extends AbstractUrlBasedView {
    @Override
    protected void renderMergedOutputModel(
        Map<String, Object> model, HttpServletRequest request, HttpServletResponse response
    ) throws Exception {
        response.getWriter().print(getUrl() + " " + model.get("wrong") + " " + model.get("key"));
    }
}
