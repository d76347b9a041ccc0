using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Culprit.Server.Redaction;
using Microsoft.Extensions.AI;

namespace Culprit.Server.Analyst;

/// <summary>Calls tools for one run: checks the arguments, bounds the answer, gives every finding an id, redacts what goes out.</summary>
internal sealed class ToolBench(IReadOnlyList<IAnalystTool> tools, ToolScope scope, EvidenceBook book, Redactor redactor)
{
    /// <summary>Lookups in one run.</summary>
    public const int MaxCalls = 12;

    private const int MaxItems = 20;
    private const int MaxArgumentLength = 200;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.Default };

    /// <summary>Lookups made, the refused ones too.</summary>
    public int Calls { get; private set; }

    public IList<AITool> Declarations { get; } =
        [.. tools.Select(t => (AITool)AIFunctionFactory.CreateDeclaration(t.Name, t.Description, t.Parameters))];

    /// <summary>The answer to the model's call, as JSON. Never throws for what a model asks.</summary>
    public async Task<string> CallAsync(FunctionCallContent call, CancellationToken cancellationToken)
    {
        Calls++;
        if (Calls > MaxCalls)
        {
            return Answer([], $"No lookups are left: {MaxCalls} were made. Answer now with what you have.");
        }

        if (tools.FirstOrDefault(t => t.Name == call.Name) is not { } tool)
        {
            return Answer([], "There is no such tool. Tools: " + string.Join(", ", tools.Select(t => t.Name)) + ".");
        }

        var (arguments, problem) = Read(tool.Parameters, call.Arguments);
        if (problem is not null)
        {
            return Answer([], problem);
        }

        var findings = await tool.TryLookUpAsync(scope, arguments, cancellationToken).ConfigureAwait(false);
        var note = findings.Items.Count > MaxItems ? $"The first {MaxItems} of {findings.Items.Count}. {findings.Note}" : findings.Note;
        return Answer([.. findings.Items.Take(MaxItems)], note);
    }

    private string Answer(IReadOnlyList<ToolItem> items, string? note)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteStartArray("evidence");
            foreach (var item in items)
            {
                CasePrompt.WriteEvidence(json, book.Add(item.Text, item.Writer, item.RecordIds ?? []), redactor);
            }

            json.WriteEndArray();
            if (note is not null)
            {
                json.WriteString("note", redactor.Redact(note));
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Every declared argument as text; unknown ones are refused, so that a model notices a wrong name.</summary>
    private (Dictionary<string, string> Arguments, string? Problem) Read(JsonElement schema, IDictionary<string, object?>? given)
    {
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        var declared = schema.GetProperty("properties");
        foreach (var (name, value) in given ?? new Dictionary<string, object?>())
        {
            if (!declared.TryGetProperty(name, out _))
            {
                return (read, "An argument is not known. Arguments: " + string.Join(", ", declared.EnumerateObject().Select(p => p.Name)) + ".");
            }

            var text = value switch
            {
                JsonElement { ValueKind: JsonValueKind.String } json => json.GetString(),
                JsonElement { ValueKind: JsonValueKind.Number } json => json.GetRawText(),
                JsonElement { ValueKind: JsonValueKind.Null } or null => null,
                string plain => plain,
                int or long or double => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture),
                _ => new string('?', MaxArgumentLength + 1),
            };
            if (text?.Length > MaxArgumentLength)
            {
                return (read, $"Argument {name} must be a text or number of at most {MaxArgumentLength} characters.");
            }

            if (text is { Length: > 0 })
            {
                read[name] = redactor.Restore(text);
            }
        }

        var missing = schema.TryGetProperty("required", out var required)
            ? required.EnumerateArray().Select(r => r.GetString()!).FirstOrDefault(r => !read.ContainsKey(r))
            : null;
        return (read, missing is null ? null : $"Argument {missing} is missing.");
    }
}
