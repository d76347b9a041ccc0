using System.CommandLine;
using System.Net.Http.Json;
using System.Text.Json;
using Culprit.Server.Printing;

namespace Culprit.Server.Commands;

/// <summary><c>culprit ask</c>: a question in words to a running server.</summary>
internal static class AskCommand
{
    public static Command Create()
    {
        var question = new Argument<string>("QUESTION") { Description = "Such as \"why did checkout fail at 14:05?\" (UTC) or \"what broke in the last 2 hours?\"." };
        var environment = new Option<string?>("--environment") { Description = "Only this environment." };
        var url = ServerCall.UrlOption();
        var json = ServerCall.JsonOption();
        var command = new Command("ask", "Asks a running server why something failed. The ranker answers; a model explains when one is configured.")
        {
            question, environment, url, json,
        };
        command.SetAction((result, token) => ServerCall.RunAsync(
            result.GetRequiredValue(url), HttpMethod.Post, "/ask",
            JsonContent.Create(new Dictionary<string, string?> { ["question"] = result.GetRequiredValue(question), ["environment"] = result.GetValue(environment) }),
            body => Console.Out.WriteLine(result.GetValue(json) ? body : InWords(body)), token));
        return command;
    }

    private static string InWords(string body)
    {
        using var json = JsonDocument.Parse(body);
        var lines = new List<string> { $"{json.RootElement.GetProperty("from").GetString()} to {json.RootElement.GetProperty("to").GetString()}" };
        foreach (var answer in json.RootElement.GetProperty("answers").EnumerateArray())
        {
            lines.Add(TerminalText.Visible($"{answer.GetProperty("incident").GetProperty("environment").GetString()}: {answer.GetProperty("answer").GetString()}"));
            if (answer.TryGetProperty("analysis", out var analysis))
            {
                lines.AddRange(analysis.GetProperty("claims").EnumerateArray().Select(c => "  - " + TerminalText.Visible(c.GetProperty("text").GetString())));
            }
        }

        if (lines.Count == 1)
        {
            lines.Add("Nothing was logged in that time.");
        }

        return string.Join(Environment.NewLine, lines);
    }
}
