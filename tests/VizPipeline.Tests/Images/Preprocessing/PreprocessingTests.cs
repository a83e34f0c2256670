using VizPipeline.Images;

namespace VizPipeline.Tests.Images;

public class PreprocessingTests
{
    [Theory]
    [InlineData(224, 224, 256)]
    [InlineData(227, 227, 259)]
    [InlineData(299, 299, 342)]
    [InlineData(128, 224, 256)]
    [InlineData(64, 64, 73)]
    [InlineData(63, 63, 63)]
    [InlineData(32, 48, 48)]
    public void The_shorter_side_follows_the_input(int height, int width, int expected)
        => Assert.Equal(expected, Preprocessing.Load("unit", height, width).ShorterSide);

    [Fact]
    public void Input_values_equal_numpys_float32_arithmetic()
    {
        var preprocessing = Preprocessing.ImageNet(16, 16);
        var crop = new byte[preprocessing.CropBytes];
        for (var i = 0; i < crop.Length; i++)
            crop[i] = (byte)(i / 3);
        var input = new float[crop.Length];

        preprocessing.ToInput(crop, input);

        for (var channel = 0; channel < 3; channel++)
            for (var i = 0; i < 256; i++)
            {
                var expected = (crop[i * 3 + channel] / 255f - preprocessing.Mean[channel]) / preprocessing.Std[channel];
                Assert.Equal(expected, input[channel * 256 + i]);
            }
    }

    [Fact]
    public void The_affine_form_agrees_with_the_input()
    {
        var preprocessing = Preprocessing.ImageNet(1, 2);
        var input = new float[6];
        preprocessing.ToInput([0, 100, 200, 255, 128, 3], input);

        Assert.Equal(255 * preprocessing.Affine[0].Factor + preprocessing.Affine[0].Summand, input[1], 1e-5);
        Assert.Equal(100 * preprocessing.Affine[1].Factor + preprocessing.Affine[1].Summand, input[2], 1e-5);
    }

    [Fact]
    public void Bgr_reverses_the_planes_and_mean_follows_the_planes()
    {
        var caffe = new Preprocessing { CropHeight = 1, CropWidth = 1, Channels = ChannelOrder.Bgr, Scale = 1, Mean = [104, 117, 123] };
        var input = new float[3];

        caffe.ToInput([1, 2, 3], input);

        Assert.Equal([3f - 104, 2f - 117, 1f - 123], input);
    }

    [Fact]
    public void Json_comes_back_as_the_same_preprocessing()
    {
        var original = Preprocessing.ImageNet(224, 200) with { Channels = ChannelOrder.Bgr, ShorterSide = null, Scale = 0.5 };

        var copy = Preprocessing.Parse(original.ToJson(), "copy", 224, 200);

        Assert.Equal(original, copy);
        Assert.Equal(original.Hash, copy.Hash);
        Assert.NotEqual(original, copy with { Scale = 1 });
    }

    // Hashes name files in caches and records of other processes and later versions: they must not drift.
    [Fact]
    public void The_canonical_json_is_frozen()
        => Assert.Equal(
            """{"shorterSide":256,"cropHeight":224,"cropWidth":224,"mean":[0.485,0.456,0.406],"std":"""
            + """[0.229,0.224,0.225],"scale":0.00392156862745098,"channels":"RGB"}""",
            Preprocessing.ImageNet(224, 224).ToJson());

    [Theory]
    [InlineData("""{"std":[1,0,1]}""", "field 'std' must be three positive numbers")]
    [InlineData("""{"mean":[1,2]}""", "field 'mean' must be three numbers")]
    [InlineData("""{"mean":["a",2,3]}""", "field 'mean' must be finite numbers")]
    [InlineData("""{"shorterSide":0}""", "field 'shorterSide' must be a whole number from 1 to 32768")]
    [InlineData("""{"shorterSide":1.5}""", "field 'shorterSide' must be a whole number")]
    [InlineData("""{"scale":-1}""", "field 'scale' must be a positive number")]
    [InlineData("""{"channels":"GBR"}""", "field 'channels' must be \"RGB\", \"BGR\", \"L\" or \"RGBA\"")]
    [InlineData("""{"channels":3}""", "field 'channels' must be \"RGB\", \"BGR\", \"L\" or \"RGBA\"")]
    [InlineData("""{"resize":3}""", "unknown field 'resize'")]
    [InlineData("""{"cropHeight":100}""", "cropHeight x cropWidth is 100x224, but the network's input is 224x224")]
    [InlineData("[1]", "must hold one JSON object")]
    [InlineData("{", "is not valid JSON")]
    public void A_wrong_file_is_named_with_its_field(string json, string message)
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("p.json", json);

        var error = Assert.Throws<PreprocessingException>(() => Preprocessing.Load(file, 224, 224));

        Assert.StartsWith(file, error.Message);
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void An_unknown_preset_says_what_there_is()
        => Assert.Equal(
            "preprocessing 'imagnet' is neither a preset (imagenet, unit) nor a file",
            Assert.Throws<PreprocessingException>(() => Preprocessing.Load("imagnet", 224, 224)).Message);

    [Fact]
    public void The_file_of_the_models_name_goes_before_the_folders()
    {
        using var folder = new TemporaryFolder();
        var model = System.IO.Path.Combine(folder.Path, "net.v2.onnx");
        Assert.Null(Preprocessing.FindBeside(model));

        var shared = folder.Write("preprocess.json", "{}");
        Assert.Equal(shared, Preprocessing.FindBeside(model));

        var own = folder.Write("net.v2.preprocess.json", "{}");
        Assert.Equal(own, Preprocessing.FindBeside(model));
    }
}
