using VizPipeline.Sample.Model;
using VizPipeline.Sample.Pictures;

namespace VizPipeline.Tests.EndToEnd;

/// <summary>The sample network and generated images in a folder, created once for all tests that start processes.</summary>
public sealed class SampleMaterial : IDisposable
{
    public const int Pictures = 120;
    private readonly TemporaryFolder _folder = new();

    public SampleMaterial()
    {
        Model = SampleNetwork.WriteTo(_folder.File("model"));
        PictureFolder.Generate(Images, Pictures, seed: 7);
    }

    public string Model { get; }

    public string Images => _folder.File("images");

    /// <summary>Returns the path of a folder for one atlas, without creating it.</summary>
    public string Out(string name) => _folder.File(name);

    public void Dispose() => _folder.Dispose();
}

/// <summary>Tests that start processes run one at a time: in parallel they would only measure the load of the machine.</summary>
[CollectionDefinition(Name)]
public sealed class VizProcesses : ICollectionFixture<SampleMaterial>
{
    public const string Name = "viz as a process";
}
