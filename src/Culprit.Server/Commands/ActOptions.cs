using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Culprit.Server.Printing;

namespace Culprit.Server.Commands;

/// <summary>The options of <c>culprit incident ID</c> by which people take an incident on or end it.</summary>
internal sealed class ActOptions
{
    private readonly Option<bool> _acknowledge = new("--ack") { Description = "You take it on: no repetition and no escalation any more." };
    private readonly Option<bool> _resolve = new("--resolve") { Description = "It is over; it is opened again when it goes on for 15 minutes." };
    private readonly Option<string?> _by = new("--by") { Description = "Your name, with --ack or --resolve (default: that of the key)." };
    private readonly Option<string?> _comment = new("--comment") { Description = "A comment, with --ack or --resolve." };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_acknowledge, _resolve, _by, _comment])
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            var acts = (result.GetValue(_acknowledge) ? 1 : 0) + (result.GetValue(_resolve) ? 1 : 0);
            if (acts > 1)
            {
                result.AddError("--ack and --resolve exclude each other.");
            }
            else if (acts == 0 && (result.GetValue(_by) ?? result.GetValue(_comment)) is not null)
            {
                result.AddError("--by and --comment go with --ack or --resolve.");
            }
        });
    }

    /// <summary>Last part of the route and body to send; null when nothing is to be done.</summary>
    public (string Verb, string Body)? Read(ParseResult result)
    {
        var verb = result.GetValue(_acknowledge) ? "acknowledge" : result.GetValue(_resolve) ? "resolve" : null;
        return verb is null ? null : (verb, new JsonObject { ["by"] = result.GetValue(_by), ["comment"] = result.GetValue(_comment) }.ToJsonString());
    }

    /// <summary>The server's answer in a sentence.</summary>
    public static string Describe(string answer)
    {
        using var json = JsonDocument.Parse(answer);
        var state = json.RootElement.GetProperty("state").GetString()!;
        return $"Incident {Text("incident_id")} is {state} by {Text(state + "_by")}.";

        string Text(string name) => TerminalText.Visible(json.RootElement.GetProperty(name).GetString());
    }
}
