// Sends one message: Send FROM TO SUBJECT, the text on standard input. Needs .NET, or Mono:
// mcs -r:System.Net.Http,System.Runtime.Serialization Send.cs
using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Http;
using System.Runtime.Serialization;
using System.Runtime.Serialization.Json;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

[DataContract]
public class Message
{
    [DataMember(Name = "from")] public string From;
    [DataMember(Name = "to")] public List<string> To;
    [DataMember(Name = "subject")] public string Subject;
    [DataMember(Name = "text")] public string Text;
}

[DataContract]
public class Accepted
{
    [DataMember(Name = "status")] public string Status;
    [DataMember(Name = "code")] public int Code;
    [DataMember(Name = "text")] public string Text;
}

[DataContract]
public class Problem
{
    [DataMember(Name = "title")] public string Title;
    [DataMember(Name = "detail")] public string Detail;
    [DataMember(Name = "retryable")] public bool Retryable;
    [DataMember(Name = "outcome")] public string Outcome;
}

// The message was not sent, or its outcome is unknown.
public class Failure : Exception
{
    public readonly int ExitCode;

    public Failure(string text, int exitCode) : base(text)
    {
        ExitCode = exitCode;
    }
}

public static class Send
{
    static async Task<Accepted> SendAsync(Message message, string url, string key, int attempts = 5)
    {
        byte[] body = Encode(message);
        // One key for all attempts: the message is sent once.
        string once = Guid.NewGuid().ToString();
        for (int attempt = 1; attempt <= attempts; attempt++)
        {
            var wait = TimeSpan.FromSeconds(attempt);
            string failure;
            try
            {
                // A relay may take its time over the last reply; the gateway waits for it. Each attempt has a client, so
                // that none is made on a connection that was kept and is closed by now.
                using (var client = new HttpClient { Timeout = TimeSpan.FromSeconds(700) })
                using (var request = Request(url + "/messages", key, once, body))
                using (var response = await client.SendAsync(request))
                {
                    byte[] answer = await response.Content.ReadAsByteArrayAsync();
                    if ((int)response.StatusCode == 200) return Decode<Accepted>(answer);
                    var problem = Decode<Problem>(answer);
                    failure = problem.Title + ": " + problem.Detail;
                    if (problem.Outcome == "unknown")
                    {
                        throw new Failure(
                            failure + "\nthe relay may have taken it: look there before sending it again", 2);
                    }
                    if (!problem.Retryable) throw new Failure(failure, 1);
                    wait = response.Headers.RetryAfter?.Delta ?? wait;
                }
            }
            // The last one is HttpClient's timeout; Decode throws the third if the response is not JSON.
            catch (Exception error) when (error is HttpRequestException || error is IOException
                || error is SerializationException || error is TaskCanceledException)
            {
                failure = "no answer: " + (error.InnerException ?? error).Message;
            }
            Console.Error.WriteLine(failure);
            if (attempt < attempts) await Task.Delay(wait);
        }
        throw new Failure("given up after " + attempts + " attempts", 1);
    }

    static HttpRequestMessage Request(string url, string key, string once, byte[] body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.Add("Content-Type", "application/json");
        request.Headers.Add("Idempotency-Key", once);
        if (!string.IsNullOrEmpty(key)) request.Headers.Add("X-API-Key", key);
        request.Headers.ExpectContinue = false;
        return request;
    }

    static byte[] Encode(Message message)
    {
        using (var stream = new MemoryStream())
        {
            new DataContractJsonSerializer(typeof(Message)).WriteObject(stream, message);
            return stream.ToArray();
        }
    }

    static T Decode<T>(byte[] json)
    {
        using (var stream = new MemoryStream(json))
        {
            return (T)new DataContractJsonSerializer(typeof(T)).ReadObject(stream);
        }
    }

    public static int Main(string[] arguments)
    {
        if (arguments.Length != 3)
        {
            Console.Error.WriteLine("usage: Send FROM TO SUBJECT");
            return 64;
        }
        string url = Environment.GetEnvironmentVariable("POSTERN_URL") ?? "http://127.0.0.1:8080";
        string key = Environment.GetEnvironmentVariable("POSTERN_API_KEY");
        string text = new StreamReader(Console.OpenStandardInput(), Encoding.UTF8).ReadToEnd();
        var message = new Message
        {
            From = arguments[0], To = new List<string> { arguments[1] }, Subject = arguments[2], Text = text
        };
        try
        {
            Accepted accepted = SendAsync(message, url, key).GetAwaiter().GetResult();
            Console.WriteLine(accepted.Status + ": " + accepted.Code + " " + accepted.Text);
            return 0;
        }
        catch (Failure failure)
        {
            Console.Error.WriteLine(failure.Message);
            return failure.ExitCode;
        }
    }
}
