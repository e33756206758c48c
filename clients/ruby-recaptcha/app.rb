# The gem recaptcha outside of Rails: its helpers in a servlet, and its settings.
require "webrick"
require "recaptcha"

Recaptcha.configure do |config|
  config.site_key = ENV.fetch("SITE_KEY")
  config.secret_key = ENV.fetch("SECRET")
  config.api_server_url = ENV.fetch("HAECHI") + "/recaptcha/api.js"
  config.verify_url = ENV.fetch("HAECHI") + "/recaptcha/api/siteverify"
end

# What the helpers expect of a controller.
class Form
  include Recaptcha::ClientHelper
  include Recaptcha::Verify
  attr_reader :request, :params, :env

  def initialize(request)
    @request = request
    @params = request.query
    @env = { "REMOTE_ADDR" => request.peeraddr.last }
  end

  def page(refusal)
    <<~HTML
      <!doctype html>
      <html lang="en">
      <title>Sign in</title>
      <form method="post"><input name="name">#{recaptcha_tags}<p>#{refusal}</p><input type="submit" value="Sign in"></form>
    HTML
  end
end

quiet = WEBrick::Log.new($stderr, WEBrick::Log::WARN)
server = WEBrick::HTTPServer.new(BindAddress: "localhost", Port: ENV.fetch("PORT"), Logger: quiet, AccessLog: [])
server.mount_proc("/") do |request, reply|
  form = Form.new(request)
  reply.content_type = "text/html"
  reply.body =
    if request.request_method == "GET" then form.page("")
    elsif form.verify_recaptcha then "Signed in as #{form.params["name"]}"
    else form.page("Please prove that you are a person.")
    end
end
trap("TERM") { server.shutdown }
server.start
