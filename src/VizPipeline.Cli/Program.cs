using System.CommandLine;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Commands;

var root = new RootCommand("VizPipeline builds neuron atlases of convolutional networks.")
{
    DemoCommand.Create(),
    RunCommand.Create(),
    SampleCommand.Create(),
    LayersCommand.Create(),
};
return await VizCommandLine.Run(root, args);
