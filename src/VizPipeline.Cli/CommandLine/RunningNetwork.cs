using System.CommandLine;
using VizPipeline.Images;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;

namespace VizPipeline.Cli.CommandLine;

/// <summary>A network on its device, and how pictures become its input: what every command needs that computes something.</summary>
internal sealed class RunningNetwork : IDisposable
{
    private RunningNetwork(NetworkRunner runner, Preprocessing preprocessing) => (Runner, Preprocessing) = (runner, preprocessing);

    public NetworkRunner Runner { get; }

    public NetworkGraph Graph => Runner.Graph;

    public Preprocessing Preprocessing { get; }

    /// <summary>Starts <paramref name="graph"/>, which is opened before, so that wrong layers are reported before libtorch is loaded.</summary>
    public static RunningNetwork Start(NetworkGraph graph, ModelOptions options, ParseResult parsed)
    {
        var preprocessing = options.PreprocessingFor(parsed, graph);
        return new RunningNetwork(new NetworkRunner(graph, options.DeviceOf(parsed)), preprocessing);
    }

    public void Dispose() => Runner.Dispose();
}
