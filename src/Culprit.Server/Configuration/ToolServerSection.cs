namespace Culprit.Server.Configuration;

/// <summary>A server of the Model Context Protocol (streamable HTTP). Only its tools that say that they read are used.</summary>
internal sealed class ToolServerSection
{
    /// <summary>Letters and digits; begins the names of its tools.</summary>
    public string Name { get; set; } = "";

    /// <summary>Its address.</summary>
    public string Url { get; set; } = "";

    /// <summary>Names of the tools to use. Default: all that only read.</summary>
    public List<string> Tools { get; set; } = [];

    /// <summary>Name of the environment variable with its bearer token. Default: none is sent.</summary>
    public string? TokenVariable { get; set; }
}
