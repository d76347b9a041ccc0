using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Culprit.Server.Mcp;

/// <summary>A tool that reads. Its arguments are texts, checked before it sees them; its result is marked as data.</summary>
internal abstract class ReadTool : McpServerTool
{
    private const int MaxArgument = 200;

    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(30);

    private Tool? _protocolTool;

    public override Tool ProtocolTool => _protocolTool ??= new Tool
    {
        Name = Name,
        Description = Description,
        InputSchema = Parameters,
        Annotations = new ToolAnnotations { ReadOnlyHint = true, DestructiveHint = false, IdempotentHint = true, OpenWorldHint = false },
    };

    public override IReadOnlyList<object> Metadata => [];

    protected abstract string Name { get; }

    protected abstract string Description { get; }

    /// <summary>JSON schema of the arguments, an object of texts.</summary>
    protected abstract JsonElement Parameters { get; }

    /// <exception cref="ArgumentException">An argument is wrong; the message says what to send.</exception>
    protected abstract Task<JsonNode?> ReadAsync(IReadOnlyDictionary<string, string> arguments, CancellationToken cancellationToken);

    public override async ValueTask<CallToolResult> InvokeAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken = default)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(MaxTime);
        try
        {
            return Untrusted.Result(await ReadAsync(Check(request.Params?.Arguments), time.Token).ConfigureAwait(false));
        }
        catch (ArgumentException e)
        {
            return Untrusted.Error(e.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Untrusted.Error($"It took longer than {MaxTime.TotalSeconds:0} s; ask for less.");
        }
    }

    protected static DateTimeOffset Time(IReadOnlyDictionary<string, string> arguments, string name) =>
        arguments.TryGetValue(name, out var text) && DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw new ArgumentException($"'{name}' must be an ISO 8601 time, such as 2026-03-01T14:03:00Z.");

    private Dictionary<string, string> Check(IDictionary<string, JsonElement>? given)
    {
        var declared = Parameters.GetProperty("properties");
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in given ?? new Dictionary<string, JsonElement>())
        {
            if (!declared.TryGetProperty(name, out _))
            {
                throw new ArgumentException("Known arguments are: " + string.Join(", ", declared.EnumerateObject().Select(p => p.Name)) + ".");
            }

            if (value.ValueKind is not (JsonValueKind.String or JsonValueKind.Null) || value.GetString()?.Length > MaxArgument)
            {
                throw new ArgumentException($"'{name}' must be a text of at most {MaxArgument} characters.");
            }

            if (value.GetString() is { Length: > 0 } text)
            {
                read[name] = text;
            }
        }

        var missing = Parameters.GetProperty("required").EnumerateArray().Select(r => r.GetString()!).FirstOrDefault(r => !read.ContainsKey(r));
        return missing is null ? read : throw new ArgumentException($"'{missing}' is missing.");
    }
}
