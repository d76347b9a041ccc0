namespace Culprit.Engine.Extending;

/// <summary>The entry of a plug-in: a public class with a constructor without parameters, found in each assembly under <c>plugins</c>.</summary>
public interface ICulpritPlugin
{
    /// <summary>Called once, before anything is read. An exception stops the start.</summary>
    void Configure(IPluginRegistry registry);
}
