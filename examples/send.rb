#!/usr/bin/env ruby
# frozen_string_literal: true

# Sends one message: ruby send.rb FROM TO SUBJECT, the text on standard input.

require 'json'
require 'net/http'
require 'securerandom'
require 'uri'

# The message was not sent, or its outcome is unknown.
class Failure < StandardError
  attr_reader :exit_code

  def initialize(message, exit_code)
    super(message)
    @exit_code = exit_code
  end
end

# Returns the response and its decoded body.
def post(url, request)
  # A relay may take its time over the last reply; the gateway waits for it.
  timeouts = { open_timeout: 60, write_timeout: 60, read_timeout: 700, max_retries: 0 }
  Net::HTTP.start(url.host, url.port, use_ssl: url.scheme == 'https', **timeouts) do |http|
    response = http.request(request)
    body = JSON.parse(response.body)
    raise JSON::ParserError, 'not a JSON object' unless body.is_a?(Hash)

    [response, body]
  end
end

def send_message(message, attempts: 5)
  url = URI("#{ENV.fetch('POSTERN_URL', 'http://127.0.0.1:8080')}/messages")
  request = Net::HTTP::Post.new(url)
  request['Content-Type'] = 'application/json'
  # One key for all attempts: the message is sent once.
  request['Idempotency-Key'] = SecureRandom.uuid
  request['X-API-Key'] = ENV['POSTERN_API_KEY'] if ENV['POSTERN_API_KEY']
  request.body = JSON.generate(message)
  (1..attempts).each do |attempt|
    wait = attempt
    begin
      response, body = post(url, request)
      return body if response.code == '200'

      failure = "#{body['title']}: #{body['detail']}"
      if body['outcome'] == 'unknown'
        raise Failure.new("#{failure}\nthe relay may have taken it: look there before sending it again", 2)
      end
      raise Failure.new(failure, 1) unless body['retryable'] == true

      wait = Integer(response['Retry-After'], 10, exception: false) || attempt if response['Retry-After']
    rescue SystemCallError, SocketError, IOError, Timeout::Error, OpenSSL::SSL::SSLError, Net::ProtocolError,
           Net::HTTPBadResponse, JSON::ParserError => e
      failure = "no answer: #{e.message}"
    end
    warn failure
    sleep wait if attempt < attempts
  end
  raise Failure.new("given up after #{attempts} attempts", 1)
end

if ARGV.size != 3
  warn 'usage: ruby send.rb FROM TO SUBJECT'
  exit 64
end
# The text is UTF-8, whatever the locale says.
from, to, subject, text = [*ARGV, $stdin.read].map { |argument| argument.dup.force_encoding(Encoding::UTF_8) }
begin
  result = send_message({ from: from, to: [to], subject: subject, text: text })
  puts "#{result['status']}: #{result['code']} #{result['text']}"
rescue Failure => e
  warn e.message
  exit e.exit_code
end
