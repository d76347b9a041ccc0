using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Culprit.Server.Printing;

namespace Culprit.Server.Commands;

/// <summary>The options of <c>culprit incident ID</c> by which people accept, reject or correct its cause.</summary>
internal sealed class FeedbackOptions
{
    private readonly Option<bool> _accept = new("--accept") { Description = "The blamed service is the cause: the like of it is recognised the next time." };
    private readonly Option<bool> _reject = new("--reject") { Description = "It is not the cause." };
    private readonly Option<string?> _correct = new("--correct") { Description = "This service is the cause instead." };
    private readonly Option<string?> _name = new("--name") { Description = "What you call this kind of incident." };
    private readonly Option<string?> _runbook = new("--runbook") { Description = "Path of the runbook that helps." };
    private readonly Option<string?> _note = new("--note") { Description = "A note to keep with it." };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_accept, _reject, _correct, _name, _runbook, _note])
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            var verdicts = (result.GetValue(_accept) ? 1 : 0) + (result.GetValue(_reject) ? 1 : 0) + (result.GetValue(_correct) is null ? 0 : 1);
            if (verdicts > 1)
            {
                result.AddError("--accept, --reject and --correct exclude each other.");
            }
            else if (verdicts == 0 && (result.GetValue(_name) ?? result.GetValue(_runbook) ?? result.GetValue(_note)) is not null)
            {
                result.AddError("--name, --runbook and --note go with --accept, --reject or --correct.");
            }
        });
    }

    /// <summary>The body to send; null when no verdict was given.</summary>
    public string? Read(ParseResult result)
    {
        var correct = result.GetValue(_correct);
        var verdict = result.GetValue(_accept) ? "accept" : result.GetValue(_reject) ? "reject" : correct is not null ? "correct" : null;
        return verdict is null ? null : new JsonObject
        {
            ["verdict"] = verdict,
            ["service"] = correct,
            ["name"] = result.GetValue(_name),
            ["runbook"] = result.GetValue(_runbook),
            ["note"] = result.GetValue(_note),
        }.ToJsonString();
    }

    /// <summary>The server's answer in a sentence.</summary>
    public static string Describe(string answer)
    {
        using var json = JsonDocument.Parse(answer);
        var service = TerminalText.Visible(json.RootElement.GetProperty("service").GetString());
        return json.RootElement.GetProperty("verdict").GetString() switch
        {
            "reject" => $"Noted: {service} is not the cause.",
            _ => $"Noted: {service} is the cause. The like of it will be recognised.",
        };
    }
}
