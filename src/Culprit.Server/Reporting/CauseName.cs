using System.Text.Json;
using Culprit.Server.Http;

namespace Culprit.Server.Reporting;

/// <summary>What a hypothesis of a <c>log.root_cause</c> blames, and what it is called where people read it.</summary>
internal static class CauseName
{
    /// <summary>What is to blame: the resource if there is one, else the service or dependency.</summary>
    public static string Blamed(JsonElement hypothesis) => JsonFields.TextOrNull(hypothesis, "resource") ?? JsonFields.Text(hypothesis, "service");

    /// <summary>The service or dependency; with what it lacked when a cloud runs that: <c>media (s3)</c>. Not escaped.</summary>
    public static string Of(JsonElement hypothesis)
    {
        var service = JsonFields.Text(hypothesis, "service");
        return JsonFields.TextOrNull(hypothesis, "resource") is { } resource ? $"{service} ({resource})" : service;
    }
}
