using System.Text.Json;

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
internal sealed record ToolScope(string Environment, DateTimeOffset From, DateTimeOffset To, DateTimeOffset StartedAt);

/// <summary>What a tool found.</summary>
/// <param name="Note">When there is nothing or not all: what to try next.</param>
internal sealed record ToolFindings(IReadOnlyList<ToolItem> Items, string? Note = null);

/// <param name="Writer">The service whose own text this repeats; null when Culprit measured it.</param>
internal sealed record ToolItem(string Text, string? Writer = null, IReadOnlyList<string>? RecordIds = null);
