using System.CommandLine;
using Culprit.Server.Commands;

// What was acknowledged is safe either way; the time is for finishing answers and for a quick start next time.
var configuration = new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(25) };
var command = CommandLine.Create().Parse(args);
var code = await command.InvokeAsync(configuration).ConfigureAwait(false);
return command.Errors.Count > 0 ? ExitCodes.BadUsage : code;
