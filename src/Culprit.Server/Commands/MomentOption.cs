using System.CommandLine;
using System.Globalization;

namespace Culprit.Server.Commands;

/// <summary>An option that takes a moment, and how it is read.</summary>
internal static class MomentOption
{
    public static Option<string?> Create(string name, string description, bool isRequired)
    {
        var option = new Option<string?>(name) { Description = description, Required = isRequired };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && Parse(text) is null)
            {
                result.AddError($"{name} '{text}' is no time; write it as 2026-03-01T14:03:00Z.");
            }
        });
        return option;
    }

    /// <summary>UTC unless the text says otherwise; null when it is none.</summary>
    public static DateTimeOffset? Parse(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time : null;
}
