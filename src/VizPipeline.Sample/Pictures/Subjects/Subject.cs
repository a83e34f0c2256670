namespace VizPipeline.Sample.Pictures.Subjects;

/// <summary>A thing that a picture can show, and therefore a class.</summary>
/// <param name="Name">Name of the class and of its folder.</param>
/// <param name="Pose">How it may be oriented in the picture.</param>
/// <param name="Draw">Draws one of its random variants into -1..1.</param>
internal sealed record Subject(string Name, Pose Pose, Action<Brush> Draw)
{
    /// <summary>All subjects. The position is the class index that the shipped network learned: only append, and train again.</summary>
    public static IReadOnlyList<Subject> All { get; } =
    [
        new("ball", Pose.Free, Shapes.Ball),
        new("box", Pose.Free, Shapes.Box),
        new("triangle", Pose.Free, Shapes.Triangle),
        new("star", Pose.Free, Shapes.Star),
        new("ring", Pose.Free, Shapes.Ring),
        new("heart", Pose.Upright, Shapes.Heart),
        new("stripes", Pose.Everywhere, brush => Textures.Draw(brush, Pattern.Stripes)),
        new("checks", Pose.Everywhere, brush => Textures.Draw(brush, Pattern.Checks)),
        new("dots", Pose.Everywhere, brush => Textures.Draw(brush, Pattern.Dots)),
        new("bricks", Pose.Everywhere, brush => Textures.Draw(brush, Pattern.Bricks)),
        new("scales", Pose.Everywhere, brush => Textures.Draw(brush, Pattern.Scales)),
        new("zigzag", Pose.Everywhere, brush => Textures.Draw(brush, Pattern.Zigzag)),
        new("flower", Pose.Free, Flower.Draw),
        new("face", Pose.Upright, Face.Draw),
        new("fish", Pose.Upright, Fish.Draw),
        new("house", Pose.Upright, House.Draw),
        new("tree", Pose.Upright, Tree.Draw),
        new("mushroom", Pose.Upright, Mushroom.Draw),
        new("umbrella", Pose.Upright, Umbrella.Draw),
        new("car", Pose.Upright, Car.Draw),
    ];
}

/// <summary>How a subject may be oriented in its picture.</summary>
internal enum Pose
{
    /// <summary>Rotated by any angle.</summary>
    Free,

    /// <summary>Upright, within some degrees.</summary>
    Upright,

    /// <summary>A texture that fills the picture.</summary>
    Everywhere,
}
