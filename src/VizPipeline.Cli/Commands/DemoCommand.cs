using System.CommandLine;
using System.Text.Json;
using VizPipeline.Atlas.Web;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.GradientAscent;
using VizPipeline.Network.Import;
using VizPipeline.Network.Torch;
using VizPipeline.Sample.Model;
using VizPipeline.Sample.Pictures;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz demo</c>: builds a complete atlas of a bundled network over generated pictures. Needs no network access.</summary>
internal static class DemoCommand
{
    private const int Pictures = 1_500;
    private const int Seed = 7;
    private const int AscentSteps = 64;

    private static AscentSpec Ascents => new()
    {
        Presets = [AscentPresets.Fourier.Name, "3"],
        Recipes = new Dictionary<string, JsonElement> { [AscentPresets.Fourier.Name] = RecipeJson.ToElement(AscentPresets.Fourier) },
        Steps = AscentSteps,
    };

    public static Command Create()
    {
        var folder = new Option<string>("--out") { Description = "Folder of the atlas", DefaultValueFactory = _ => "demo-atlas" };
        var pictures = new Option<int>("--pictures")
        {
            Description = "Number of pictures to generate",
            DefaultValueFactory = _ => Pictures,
        };
        var noServe = new Option<bool>("--no-serve") { Description = "Do not serve the atlas as web pages afterwards" };
        var command = new Command("demo", "Build a complete atlas of a small sample network over generated pictures in a few minutes")
        {
            folder, pictures, noServe,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var count = parsed.GetValue(pictures) is > 0 and <= 1_000_000 and var asked
                ? asked : throw new UsageException("--pictures must be from 1 to 1000000");
            return await RunAsync(
                Path.GetFullPath(parsed.GetRequiredValue(folder)), count, serve: !parsed.GetValue(noServe) && !Console.IsOutputRedirected,
                cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(string folder, int count, bool serve, CancellationToken cancellation)
    {
        TorchRuntime.Start();
        var material = Path.Combine(folder, "sample");
        var model = SampleNetwork.WriteTo(Path.Combine(material, "model"));
        var images = Path.Combine(material, "images");
        Console.WriteLine($"Drawing {Format.Counted(count, "picture")} of {PictureGenerator.Classes.Count} classes in {images}");
        PictureFolder.Generate(images, count, Seed, null, cancellation);
        var graph = NetworkLoader.Load(model);
        var preprocessing = Preprocessing.Load(Preprocessing.FindBeside(model)!, graph.InputShape.Height, graph.InputShape.Width);
        var names = new ClassNames(SampleNetwork.Description.Classes.Select((name, i) => new ClassName(i, null, name)));
        var manifest = ImageManifest.Build(images, new ImageSetOptions { ClassNames = names }, ListingProgress.ToConsole(), cancellation);
        var request = new AtlasRequest(
            "sample-network", model, null, graph, graph.Layers, preprocessing, manifest, images, SampleNetwork.Description.Classes,
            SampleNetwork.Description.Classes,
            AtlasMethods.All, Ascents, "auto", 64);
        var result = await AtlasBuild.RunAsync(request, folder, "", cancellation);
        if (serve && result == ExitCode.Done)
            return await AtlasServer.RunAsync(
                [await StoredAtlas.OpenAsync(folder, cancellation)], "127.0.0.1", AtlasServer.Port, cancellation);
        Console.WriteLine(
            "Open the contact sheets: each row of a block shows a neuron's top-9 patches, their deconvolutions, and pictures that "
            + "maximally activate it (two ascent recipes).");
        Console.WriteLine($"View it in a browser: viz serve {folder}");
        Console.WriteLine("Next, use your own network and photographs:");
        Console.WriteLine("  viz run --model NETWORK.onnx --images FOLDER --preprocess imagenet");
        Console.WriteLine($"  viz export {folder} --format parquet --to tables");
        return result;
    }
}
