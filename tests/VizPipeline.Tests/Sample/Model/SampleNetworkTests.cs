using System.Text;
using TorchSharp;
using VizPipeline.Images;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Import;
using VizPipeline.Sample.Model;
using VizPipeline.Sample.Pictures;

namespace VizPipeline.Tests.Sample;

public class SampleNetworkTests
{
    [Fact]
    public void The_shipped_network_is_small_and_names_its_weights()
    {
        var model = SampleNetwork.Model;

        Assert.InRange(model.Length, 100_000, 2_000_000);
        foreach (var name in new[] { "input", "conv1.weight", "conv5.bias", "fc.weight", "logits" })
            Assert.True(model.AsSpan().IndexOf(Encoding.UTF8.GetBytes(name)) >= 0, $"'{name}' is not in the file");
    }

    [Fact]
    public void It_names_at_least_nine_in_ten_held_out_pictures_rightly()
    {
        var training = SampleNetwork.Description.Training;

        Assert.InRange(training.HeldOutAccuracy, 0.90, 1);
        Assert.True(training.HeldOutPictures >= 1000);
    }

    [Fact]
    public void It_does_so_when_the_products_own_graph_runs_it()
    {
        const int Count = 200;
        var folder = Directory.CreateTempSubdirectory("viz-sample-");
        try
        {
            using var runner = new NetworkRunner(NetworkLoader.Load(SampleNetwork.WriteTo(folder.FullName)));
            var preprocessing = SampleNetwork.Description.Preprocessing.ToPreprocessing();
            var heldOut = SampleNetwork.Description.Training.Seed + 1;
            const int Side = PictureGenerator.Side;
            var pictures = Enumerable.Range(0, Count).Select(index => PictureGenerator.Draw(heldOut, index)).ToArray();
            var inputs = new float[Count * preprocessing.CropBytes];
            for (var index = 0; index < Count; index++)
                preprocessing.ToInput(
                    pictures[index].Image.Pixels, inputs.AsSpan(index * preprocessing.CropBytes, preprocessing.CropBytes));
            using var images = torch.tensor(inputs, [Count, 3, Side, Side]);
            using var logits = runner.Forward(images, runner.Graph.Output);
            using var answers = logits.argmax(1);

            var right = answers.data<long>().ToArray().Zip(pictures, (answer, picture) => answer == picture.Class).Count(hit => hit);

            Assert.InRange((double)right / Count, 0.90, 1);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Its_classes_and_its_input_are_the_generators()
    {
        var description = SampleNetwork.Description;

        Assert.Equal(PictureGenerator.Classes, description.Classes);
        Assert.Equal(PictureGenerator.Side, description.Preprocessing.Resize);
        Assert.Equal([PictureGenerator.Side, PictureGenerator.Side], description.Preprocessing.Crop);
        Assert.Equal(3, description.Preprocessing.Mean.Count);
        Assert.Equal(3, description.Preprocessing.Std.Count);
    }

    [Fact]
    public void The_files_in_a_folder_are_what_the_network_and_image_rooms_read()
    {
        var folder = Directory.CreateTempSubdirectory("viz-sample-");
        try
        {
            var path = SampleNetwork.WriteTo(folder.FullName);

            var graph = NetworkLoader.Load(path);
            Assert.Equal(["conv1", "conv2", "conv3", "conv4", "conv5", "logits"], graph.Layers.Select(layer => layer.Name));

            var preprocessing = Preprocessing.Load(Preprocessing.FindBeside(path)!, PictureGenerator.Side, PictureGenerator.Side);
            Assert.Equal(SampleNetwork.Description.Preprocessing.ToPreprocessing(), preprocessing);

            var classes = ClassNames.Load(Path.Combine(folder.FullName, SampleNetwork.ClassesFile));
            Assert.Equal(PictureGenerator.Classes, classes.All.Select(item => item.Name));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
