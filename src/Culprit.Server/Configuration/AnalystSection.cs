namespace Culprit.Server.Configuration;

/// <summary>The model that explains incidents (docs/llm.md). Without one the ranker's report is all there is.</summary>
internal sealed class AnalystSection
{
    /// <summary><c>provider:model</c>: <c>anthropic:…</c> or <c>openai:…</c>, the latter for any OpenAI-compatible endpoint. Default: none, nothing leaves the machine.</summary>
    public string? Model { get; set; }

    /// <summary>Address of the endpoint. Default: the provider's own. For Ollama <c>http://127.0.0.1:11434/v1</c>.</summary>
    public string? BaseUrl { get; set; }

    /// <summary>Name of the environment variable that holds the key. Default <c>ANTHROPIC_API_KEY</c> or <c>OPENAI_API_KEY</c>; a local endpoint needs none.</summary>
    public string? KeyVariable { get; set; }

    /// <summary>Receive the answer as it is written. Default true; some local servers cannot do that with tools.</summary>
    public bool Streaming { get; set; } = true;

    /// <summary>Tokens that the description of an incident may take; the least important evidence is left out. Default 4000.</summary>
    public int ContextTokens { get; set; } = 4000;

    /// <summary>Tokens of one incident, in and out together. Default 60000.</summary>
    public int MaxTokens { get; set; } = 60_000;

    /// <summary>Tokens of one answer. Default 2000.</summary>
    public int MaxAnswerTokens { get; set; } = 2000;

    /// <summary>Seconds for one incident. Default 120.</summary>
    public double MaxSeconds { get; set; } = 120;

    /// <summary>Seconds for which the ranker's suspect must stay the same before the model is asked. Default 15.</summary>
    public double SettleSeconds { get; set; } = 15;

    /// <summary>US dollars for a million tokens sent. Default 0: cost is not counted.</summary>
    public double InputPrice { get; set; }

    /// <summary>US dollars for a million tokens received. Default 0.</summary>
    public double OutputPrice { get; set; }

    /// <summary>US dollars for one incident; needs the prices. Default 0.5.</summary>
    public double MaxCost { get; set; } = 0.5;

    /// <summary>US dollars for one day (UTC); needs the prices. Default 10.</summary>
    public double MaxDailyCost { get; set; } = 10;

    /// <summary>Tokens of one day (UTC). Default 2000000.</summary>
    public long MaxDailyTokens { get; set; } = 2_000_000;

    /// <summary>Seconds of one day (UTC) that incidents may take together. Default 14400, four hours.</summary>
    public double MaxDailySeconds { get; set; } = 14_400;

    /// <summary>Servers of the Model Context Protocol whose tools the model may use too. Default: none.</summary>
    public List<ToolServerSection> ToolServers { get; set; } = [];

    /// <summary>Without the prefix; empty when there is no model.</summary>
    internal string ModelName => Model is { } model && model.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon ? model[(colon + 1)..] : "";

    internal string Provider => Model is { } model && model.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon ? model[..colon] : "";

    internal string KeyName => KeyVariable ?? (Provider == "anthropic" ? "ANTHROPIC_API_KEY" : "OPENAI_API_KEY");

    internal void Check(Action<bool, string, object, string> check)
    {
        check(Model is null || (Provider is "anthropic" or "openai" && ModelName.Length > 0), "analyst:model", Model ?? "", "anthropic:MODEL or openai:MODEL");
        check(
            BaseUrl is null || (Uri.TryCreate(BaseUrl, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"),
            "analyst:baseUrl", BaseUrl ?? "", "http://HOST:PORT/PATH or https://…");
        check(ContextTokens is >= 500 and <= 200_000, "analyst:contextTokens", ContextTokens, "500 to 200000");
        check(MaxTokens is >= 1000 and <= 10_000_000, "analyst:maxTokens", MaxTokens, "1000 to 10000000");
        check(MaxAnswerTokens is >= 200 and <= 100_000, "analyst:maxAnswerTokens", MaxAnswerTokens, "200 to 100000");
        check(MaxSeconds is >= 1 and <= 3600, "analyst:maxSeconds", MaxSeconds, "1 to 3600");
        check(SettleSeconds is >= 0 and <= 3600, "analyst:settleSeconds", SettleSeconds, "0 to 3600");
        check(InputPrice is >= 0 and <= 10_000, "analyst:inputPrice", InputPrice, "0 to 10000 dollars per million tokens");
        check(OutputPrice is >= 0 and <= 10_000, "analyst:outputPrice", OutputPrice, "0 to 10000 dollars per million tokens");
        foreach (var (index, server) in ToolServers.Index())
        {
            check(
                server.Name.Length is > 0 and <= 20 && server.Name.All(char.IsAsciiLetterOrDigit), $"analyst:toolServers:{index}:name", server.Name, "1 to 20 letters and digits");
            check(
                Uri.TryCreate(server.Url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https",
                $"analyst:toolServers:{index}:url", server.Url, "http://… or https://…");
        }

        check(ToolServers.DistinctBy(s => s.Name).Count() == ToolServers.Count, "analyst:toolServers", "names", "a name of its own for each");
        check(MaxCost is > 0, "analyst:maxCost", MaxCost, "more than 0");
        check(MaxDailyCost is > 0, "analyst:maxDailyCost", MaxDailyCost, "more than 0");
        check(MaxDailySeconds is > 0, "analyst:maxDailySeconds", MaxDailySeconds, "more than 0");
        check(MaxDailyTokens is >= 1000, "analyst:maxDailyTokens", MaxDailyTokens, "1000 or more");
    }
}
