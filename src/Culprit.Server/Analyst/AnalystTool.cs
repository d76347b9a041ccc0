using System.Text.Json;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Analyst;

/// <summary>Something that an analyst may look up. Reads only; environment and time are fixed by the server.</summary>
internal interface IAnalystTool
{
    /// <summary>In lower case with underscores.</summary>
    string Name { get; }

    /// <summary>For the model: what it returns and when to use it.</summary>
    string Description { get; }

    /// <summary>JSON schema of the arguments, an object.</summary>
    JsonElement Parameters { get; }

    /// <summary>What was found. Arguments have been checked against <see cref="Parameters"/>: required strings are there and short.</summary>
    Task<ToolFindings> LookUpAsync(ToolScope scope, IReadOnlyDictionary<string, string> arguments, CancellationToken cancellationToken);
}

/// <summary>Where and when a tool may look.</summary>
internal sealed record ToolScope(string Environment, DateTimeOffset From, DateTimeOffset To, DateTimeOffset StartedAt)
{
    /// <summary>Records of a type within the scope's environment, between two moments.</summary>
    /// <param name="service">Only of this one; null for all.</param>
    public RecordQuery Query(string type, string? service, DateTimeOffset from, DateTimeOffset to) => new()
    {
        Types = [type],
        Environment = Environment,
        Service = service,
        FromNanos = UnixNanos.From(from),
        ToNanos = UnixNanos.From(to),
    };
}

/// <summary>What a tool found.</summary>
/// <param name="Note">When there is nothing or not all: what to try next.</param>
internal sealed record ToolFindings(IReadOnlyList<ToolItem> Items, string? Note = null);

/// <param name="Writer">The service whose own text this repeats; null when Culprit measured it.</param>
internal sealed record ToolItem(string Text, string? Writer = null, IReadOnlyList<string>? RecordIds = null);

/// <summary>Calls tools for whoever cannot do anything about their failures.</summary>
internal static class AnalystTools
{
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(10);

    /// <summary>What the tool found; a note instead when it takes too long or fails, whatever it throws: it may be somebody else's code.</summary>
    public static async Task<ToolFindings> TryLookUpAsync(
        this IAnalystTool tool, ToolScope scope, IReadOnlyDictionary<string, string> arguments, CancellationToken cancellationToken)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(MaxTime);
        try
        {
            return await tool.LookUpAsync(scope, arguments, time.Token).WaitAsync(time.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (time.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return new ToolFindings([], $"The lookup took longer than {MaxTime.TotalSeconds:0} s. Ask about one service.");
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return new ToolFindings([], "The lookup failed. Go on with what you have.");
        }
    }
}
