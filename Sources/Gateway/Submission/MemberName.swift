/// The names of the members that a model has.
protocol MemberName: RawRepresentable<String>, CaseIterable {}
